/** Keys by URL: fetched in the background, kept while the identity provider is away, and never fetched at a client's will. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/logger.ts';
import type { AlgorithmName } from './algorithms.ts';
import type { Header } from './compact.ts';
import { type KeySet, readKeySet } from './key-set.ts';
import type { VerificationKey } from './keys.ts';
import { KeysUnavailable } from './refused.ts';

/** Gives the document; rejects within the timeout that it was made with. */
export type FetchDocument = () => Promise<unknown>;

export interface JwksOptions {
  readonly fetch: FetchDocument;
  readonly allowed: readonly AlgorithmName[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds. */
const REFRESH = 600_000;
const RETRY_FIRST = 1000;
const RETRY_LAST = 60_000;
/** Between two fetches that a strange `kid` may cause. */
const COOLDOWN = 30_000;
/** That a request waits for such a fetch. */
const PATIENCE = 50;
/** That keys are trusted after the last fetch that worked. */
const MAX_STALE = 12 * 3_600_000;

export class Jwks {
  private readonly options: JwksOptions;
  private set: KeySet | undefined;
  private fetchedAt = 0;
  private startedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: JwksOptions) {
    this.options = options;
  }

  /** Begins fetching, and goes on until `close`. */
  start(): void {
    void this.refresh();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Milliseconds since the keys were last fetched; undefined when there are none to be trusted. */
  get age(): number | undefined {
    const age = this.options.clock.monotonic() - this.fetchedAt;
    return this.set === undefined || age > MAX_STALE ? undefined : age;
  }

  /** Undefined when no key of that name exists; throws or rejects with KeysUnavailable when that can't be said. */
  find(header: Header): VerificationKey | undefined | Promise<VerificationKey | undefined> {
    if (this.age === undefined) return this.afterFirst(header);
    const key = this.set?.pick(header);
    if (key !== undefined || header.kid === undefined) return key;
    if (this.running === undefined) {
      if (this.options.clock.monotonic() - this.startedAt < COOLDOWN) return this.absent();
      void this.refresh();
    }
    return this.briefly().then(() => this.set?.pick(header) ?? this.absent());
  }

  private async afterFirst(header: Header): Promise<VerificationKey | undefined> {
    // While backing off, the timer alone decides when the next attempt is.
    if (this.running === undefined && this.failures > 0) throw new KeysUnavailable();
    await (this.running ?? this.refresh());
    if (this.age === undefined) throw new KeysUnavailable();
    return this.set?.pick(header);
  }

  /** A name nobody has, when the keys are current; else nobody knows. */
  private absent(): undefined {
    if (this.failures > 0 || this.running !== undefined) throw new KeysUnavailable();
    return undefined;
  }

  private briefly(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.running?.then(done, done);
      if (this.running === undefined) done();
    });
  }

  private refresh(): Promise<void> {
    this.running ??= this.attempt().finally(() => {
      this.running = undefined;
      this.schedule();
    });
    return this.running;
  }

  private async attempt(): Promise<void> {
    const { clock, log, fetch, allowed } = this.options;
    this.startedAt = clock.monotonic();
    try {
      const { set, unused } = readKeySet(await fetch(), { allowed });
      if (set.size === 0) throw new Error('the key set holds no key that can be used');
      if (this.failures > 0 || this.set === undefined)
        log.info('lifecycle', 'verification keys fetched', { keys: set.size, unused });
      this.set = set;
      this.fetchedAt = clock.monotonic();
      this.failures = 0;
    } catch (error) {
      if (this.failures++ === 0) log.error('lifecycle', 'verification keys can not be fetched', { error });
    }
  }

  private schedule(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    const backOff = Math.min(RETRY_FIRST * 2 ** Math.min(this.failures - 1, 10), RETRY_LAST);
    const wait = (this.failures === 0 ? REFRESH : backOff) * (0.9 + Math.random() / 5);
    this.timer = setTimeout(() => void this.refresh(), wait);
    this.timer.unref();
  }
}

const MAX_BYTES = 150 * 1024;
const TIMEOUT = 5000;

/** Over HTTP(S): no redirects, at most 150 KB, at most 5 s. */
export function fetchOver(url: URL): FetchDocument {
  return async () => {
    const answer = await fetch(url, {
      redirect: 'error',
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      throw new Error(`the key set's place answered ${answer.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`the key set is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  };
}
