/** Looks at the managed secrets at start and every minute, in the background, and has the answer ready. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import type { Audit } from '../../core/audit.ts';
import type { Core } from '../../core/core.ts';
import { fingerprint, pepperId } from './fingerprint.ts';
import { type Inspection, inspect, reusedNames } from './inspection.ts';
import { SecretMetrics } from './metrics.ts';
import { reportOn, type SecretsReport } from './report.ts';
import { hasPredecessor, rotationOf, type Seen, sightingsOf } from './rotation.ts';
import type { Kept, SecretState, Sighting } from './state/state.ts';

export interface SecretsHealthOptions {
  readonly secrets: readonly ManagedSecret[];
  readonly environment: string;
  readonly state: SecretState;
  /** The operator's; one is drawn and kept with the state if not given. */
  readonly pepper: string | undefined;
}

type SecretsCore = Pick<Core, 'log' | 'metrics' | 'clock'>;

/** Milliseconds. */
const EVERY = 60_000;
/** That the state may take to be made ready before it counts as a fault. */
const MAKING_READY = 10_000;
/** Until the state has answered once: a database starts, or its schema is made, in seconds. */
const AT_FIRST = 2_000;

export class SecretsHealth {
  private readonly options: SecretsHealthOptions;
  private readonly core: SecretsCore;
  private readonly audit: Pick<Audit, 'record'>;
  private readonly metrics: SecretMetrics;
  private readonly production: boolean;
  private readonly begun: number;
  private readonly inspections = new Map<string, Inspection>();
  private readonly first = Promise.withResolvers<void>();
  private seen: readonly Seen[] = [];
  private kept: Kept | undefined;
  private keptAt = 0;
  private written = false;
  private failing = false;
  private latest: SecretsReport | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(options: SecretsHealthOptions, core: SecretsCore, audit: Pick<Audit, 'record'>) {
    this.options = options;
    this.core = core;
    this.audit = audit;
    this.begun = core.clock.monotonic();
    this.metrics = new SecretMetrics(core.metrics);
    this.production = options.environment === 'production';
  }

  /** Begins to look; what it finds is known within some hundred milliseconds. */
  start(): void {
    this.running = this.round();
  }

  /** The newest report; waits for the first alone. */
  async report(): Promise<SecretsReport> {
    await this.first.promise;
    return this.latest as SecretsReport;
  }

  /** Looks once, now. Never rejects. */
  async look(): Promise<void> {
    await this.inspectAll();
    if (this.options.state.ready || this.core.clock.monotonic() - this.begun > MAKING_READY)
      await this.tryState();
    this.publish();
  }

  async close(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    await this.look();
    if (this.stopped) return;
    this.timer = setTimeout(() => this.start(), this.written ? EVERY : AT_FIRST);
    this.timer.unref();
  }

  /** Values never change while the process lives, so once will do; one at a time, so that no request waits long. */
  private async inspectAll(): Promise<void> {
    const { secrets } = this.options;
    if (this.inspections.size === secrets.length) return;
    const reused = reusedNames(secrets);
    for (const secret of secrets) {
      await setImmediate();
      const surroundings = { production: this.production, reused: reused.has(secret.name) };
      this.inspections.set(secret.name, inspect(secret, surroundings));
    }
  }

  private async tryState(): Promise<void> {
    const { log } = this.core;
    try {
      await this.observe();
      if (this.failing) log.info('secret_rotation', 'what is kept of secrets can be reached again');
      this.failing = false;
    } catch (error) {
      if (!this.failing) log.warn('secret_rotation', 'what is kept of secrets can not be reached', { error });
      this.failing = true;
    }
  }

  private async observe(): Promise<void> {
    const { state, environment } = this.options;
    if (this.seen.length === 0) this.seen = await this.fingerprints();
    const before = await state.read(environment);
    const sightings = sightingsOf(this.seen, before, !this.written);
    const added = await state.write(environment, sightings);
    this.kept = await state.read(environment);
    this.keptAt = this.core.clock.monotonic();
    this.written = true;
    for (const sighting of sightings) this.tell(sighting, before, added.has(sighting.name));
  }

  private async fingerprints(): Promise<Seen[]> {
    const { state, secrets } = this.options;
    const pepper = this.options.pepper ?? (await state.pepper(randomBytes(32).toString('base64')));
    const id = pepperId(pepper);
    const seen: Seen[] = [];
    for (const secret of secrets) {
      const found = await fingerprint(secret, pepper);
      if (found !== undefined) seen.push({ name: secret.name, fingerprint: found, pepperId: id });
    }
    return seen;
  }

  private tell(sighting: Sighting, before: Kept, added: boolean): void {
    const rotated = added && hasPredecessor(sighting, before);
    const action = sighting.returned ? 'retired_value_again' : rotated ? 'rotated' : undefined;
    if (action === undefined) return;
    const outcome = sighting.returned ? 'failure' : 'success';
    this.audit.record({ type: 'secret_rotation', action, outcome, subject: sighting.name });
  }

  private publish(): void {
    const { clock } = this.core;
    const now = this.kept === undefined ? clock.now() : this.kept.now + clock.monotonic() - this.keptAt;
    const known = this.options.secrets.map((secret) => ({
      secret,
      inspection: this.inspections.get(secret.name) as Inspection,
      rotation: rotationOf(
        secret,
        this.seen.find(({ name }) => name === secret.name),
        this.kept,
        now,
      ),
    }));
    this.metrics.show(known);
    const stateProblem = this.failing
      ? 'Ages are not up to date: what is kept of secrets can not be reached.'
      : undefined;
    this.latest = reportOn(known, { now: clock.now(), production: this.production, stateProblem });
    this.first.resolve();
  }
}
