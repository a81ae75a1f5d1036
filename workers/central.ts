/** What the workers share where no Redis does: kept by the primary, asked for over the line. */
import type { Config } from '../config/load.ts';
import type { Core } from '../core/core.ts';
import type { FailureCount } from '../proxy/identity/failure-count.ts';
import { KeptFailures } from '../proxy/identity/failure-count.ts';
import { failureRules } from '../proxy/identity/identity.ts';
import { revocationStore } from '../proxy/identity/session-keeping.ts';
import type { Central } from '../proxy/stores/central.ts';
import { storeOf } from '../proxy/stores/limiter.ts';
import { MemoryStore } from '../proxy/stores/memory.ts';
import type { News, Revocation, RevocationStore } from '../proxy/stores/revocations/store.ts';
import { MemorySessions } from '../proxy/stores/sessions/memory.ts';
import type {
  SessionQuery,
  SessionRecord,
  SessionStore,
  Sighting,
  Verdict,
} from '../proxy/stores/sessions/store.ts';
import type { Line } from './line.ts';
import { AskedRate, RateDesk } from './rate.ts';

/** A worker's side of it. */
export function askedCentral(config: Config, line: Line): Central {
  const { backend } = config.rateLimit;
  return {
    rate: new AskedRate(backend === 'redis' ? 'memory' : backend, line),
    sessions: new AskedSessions(line),
    revocations: new AskedRevocations(config.database.url === undefined ? 'memory' : 'postgres', line),
    failures: new AskedFailures(line),
  };
}

class AskedSessions implements SessionStore {
  readonly name = 'memory';
  private readonly line: Line;

  constructor(line: Line) {
    this.line = line;
  }

  see(sighting: Sighting): Promise<Verdict> {
    return this.line.ask('session_see', sighting);
  }

  end(session: string, now: number): Promise<SessionRecord | undefined> {
    return this.line.ask('session_end', { session, now });
  }

  list(query: SessionQuery): Promise<readonly SessionRecord[]> {
    return this.line.ask('session_list', query);
  }
}

class AskedRevocations implements RevocationStore {
  readonly name: string;
  readonly shared = true;
  private readonly line: Line;

  constructor(name: string, line: Line) {
    this.name = name;
    this.line = line;
  }

  add(revocation: Revocation): Promise<void> {
    return this.line.ask('revocation_add', revocation);
  }

  news(epoch: string, mark: number): Promise<News> {
    return this.line.ask('revocation_news', { epoch, mark });
  }

  purge(now: number): Promise<void> {
    return this.line.ask('revocation_purge', now);
  }
}

class AskedFailures implements FailureCount {
  private readonly line: Line;

  constructor(line: Line) {
    this.line = line;
  }

  /** A primary that gives no answer blocks nobody. */
  failed(key: string): Promise<number> {
    return this.line.ask<number>('failed', key).catch(() => 0);
  }
}

/** The primary's side: one of each for all workers. */
export class CentralDesk {
  private readonly rate: RateDesk | undefined;
  private readonly sessions: MemorySessions;
  private readonly revocations: RevocationStore;
  private readonly failures: KeptFailures;

  constructor({ rateLimit, sessions, tokens }: Config, core: Core) {
    const memory = (): MemoryStore => new MemoryStore(core.clock);
    const counts = rateLimit.enabled && rateLimit.backend !== 'redis';
    const backends = { sql: core.postgres?.pool };
    this.rate = counts ? new RateDesk(storeOf(rateLimit.backend, backends, memory())) : undefined;
    this.sessions = new MemorySessions(sessions);
    this.revocations = revocationStore(undefined, undefined, core);
    this.failures = new KeptFailures(failureRules(tokens));
    if (tokens.mode === 'off' || sessions.backend === 'redis') return;
    // The workers have seen a part each: of one name, the largest counts.
    const help = 'Sessions this process has seen that are live.';
    core.metrics.gauge('railguard_sessions_active', help, [], (gauge) =>
      gauge.set(this.sessions.count(core.clock.now())),
    );
  }

  serve(line: Line): void {
    const { sessions, revocations } = this;
    this.rate?.serve(line);
    line.on<Sighting>('session_see', (sighting) => sessions.see(sighting));
    line.on<{ session: string; now: number }>('session_end', ({ session, now }) =>
      sessions.end(session, now),
    );
    line.on<SessionQuery>('session_list', (query) => sessions.list(query));
    line.on<Revocation>('revocation_add', (revocation) => revocations.add(revocation));
    line.on<{ epoch: string; mark: number }>('revocation_news', ({ epoch, mark }) =>
      revocations.news(epoch, mark),
    );
    line.on<number>('revocation_purge', (now) => revocations.purge(now));
    line.on<string>('failed', (key) => this.failures.failed(key));
  }
}
