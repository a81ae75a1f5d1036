/** Puts sessions and revocations together: the stores that were chosen, the filter that asks them, the operator's view, the figures. */
import type { Audit } from '../../core/audit.ts';
import type { Component } from '../../core/components.ts';
import type { Core } from '../../core/core.ts';
import type { Redis } from '../../core/redis.ts';
import type { SessionDirectory } from '../../core/sessions.ts';
import type { Filter } from '../exchange.ts';
import { session } from '../filters/session.ts';
import type { Central } from '../stores/central.ts';
import { RevocationList } from '../stores/revocations/list.ts';
import { MemoryRevocations } from '../stores/revocations/memory.ts';
import { PostgresRevocations } from '../stores/revocations/postgres.ts';
import { RedisRevocations } from '../stores/revocations/redis.ts';
import type { RevocationStore } from '../stores/revocations/store.ts';
import { MemorySessions } from '../stores/sessions/memory.ts';
import { RedisSessions } from '../stores/sessions/redis.ts';
import { SharedSessions } from '../stores/sessions/shared.ts';
import type { SessionRules, SessionStore } from '../stores/sessions/store.ts';
import { nameOf } from './claims.ts';
import { Directory } from './directory.ts';
import type { IdentityEvents } from './events.ts';
import type { SessionSettings } from './settings.ts';

export interface SessionParts {
  readonly core: Core;
  readonly audit: Audit;
  readonly redis: Redis | undefined;
  /** Keeps for several processes what no Redis does. */
  readonly central?: Central | undefined;
  readonly events: IdentityEvents;
  /** Where no session is asked for. */
  readonly publicPaths: readonly string[];
  readonly longestLife: () => number;
}

export interface SessionKeeping {
  readonly filter: Filter;
  readonly directory: SessionDirectory;
  /** How the stores fare. */
  stores(): readonly Component[];
  /** Resolves when the first revocations are here, or can't be had. */
  start(): Promise<void>;
  close(): void;
}

/** Milliseconds. */
const CONNECT_PATIENCE = 1000;
const WRITE_EVERY = 60_000;

/** Throws when the backend that the settings name was not handed over. */
export function openSessions(settings: SessionSettings, parts: SessionParts): SessionKeeping {
  const { core, audit, events, longestLife } = parts;
  const { clock } = core;
  const redis = settings.backend === 'redis' ? parts.redis : undefined;
  if (settings.backend === 'redis' && redis === undefined)
    throw new Error('sessions are to be kept in redis, which was not opened');
  const { central } = parts;
  const store = redis === undefined ? central?.sessions : redisSessions(redis, settings);
  const sessions = store === undefined ? new MemorySessions(settings) : sharedSessions(store, settings, core);
  const revocations = openRevocations(revocationStore(redis, central, core), core);
  const directory = new Directory({ sessions, revocations, audit, clock, longestLife });
  figures(core, sessions, revocations);
  const filter = session({
    standing: (token) => revocations.standing(token),
    sessions,
    now: () => clock.now(),
    publicPaths: parts.publicPaths,
    events: {
      opened: (x, token) => events.opened(x, token),
      refused: (x, token, reason) => events.sessionRefused(x, token, reason),
      displaced: (x, token, names) => {
        directory.displaced(names);
        events.displaced(x, token, names);
      },
    },
  });
  return {
    filter,
    directory,
    stores: () => [sessionStore(sessions), revocationList(revocations)],
    async start() {
      if (redis !== undefined) await patiently(() => redis.status === 'ready');
      else if (core.postgres !== undefined) await patiently(() => core.postgres?.schema.ready === true);
      await revocations.start();
    },
    close: () => revocations.close(),
  };
}

/** Written once a minute, more often where sessions are short. */
const everyOf = ({ idle }: SessionRules): number =>
  idle === 0 ? WRITE_EVERY : Math.min(WRITE_EVERY, idle / 10);

const redisSessions = (redis: Redis, rules: SessionRules): SessionStore =>
  new RedisSessions(redis, rules, everyOf(rules));

function sharedSessions(store: SessionStore, rules: SessionRules, { clock, log }: Core): SharedSessions {
  return new SharedSessions({ store, rules, every: everyOf(rules), clock, log });
}

function openRevocations(store: RevocationStore, { clock, log }: Core): RevocationList {
  const nameSubject = (subject: string): string => nameOf('sub', '', subject);
  return new RevocationList({ store, clock, log, nameSubject });
}

/** The place that outlives this process, where there is one. */
export function revocationStore(
  redis: Redis | undefined,
  central: Central | undefined,
  { postgres }: Pick<Core, 'postgres'>,
): RevocationStore {
  if (redis !== undefined) return new RedisRevocations(redis);
  if (central !== undefined) return central.revocations;
  return postgres === undefined ? new MemoryRevocations() : new PostgresRevocations(postgres.pool);
}

function figures(
  { metrics, clock }: Core,
  sessions: MemorySessions | SharedSessions,
  revocations: RevocationList,
): void {
  const local = sessions instanceof SharedSessions ? sessions.local : sessions;
  metrics.gauge('railguard_sessions_active', 'Sessions this process has seen that are live.', [], (gauge) =>
    gauge.set(local.count(clock.now())),
  );
  metrics.gauge('railguard_identity_store_up', 'Does the store answer? 1 for yes.', ['store'], (gauge) => {
    gauge.set({ store: 'sessions' }, sessions instanceof MemorySessions || sessions.up ? 1 : 0);
    gauge.set({ store: 'revocations' }, revocations.current ? 1 : 0);
  });
}

function sessionStore(sessions: MemorySessions | SharedSessions): Component {
  const common = { name: `sessions_${sessions.name}`, kind: 'store' } as const;
  if (sessions instanceof MemorySessions || sessions.up) return { ...common, state: 'on' };
  return {
    ...common,
    state: 'degraded',
    message: 'The session store does not answer; sessions go on from memory.',
  };
}

function revocationList(revocations: RevocationList): Component {
  const common = { name: `revocations_${revocations.storeName}`, kind: 'store' } as const;
  if (revocations.current) return { ...common, state: 'on' };
  return { ...common, state: 'degraded', message: 'Revocations can not be checked; new tokens are refused.' };
}

/** Gives the first connection a second, so that it is not taken for an outage. */
async function patiently(ready: () => boolean): Promise<void> {
  const end = performance.now() + CONNECT_PATIENCE;
  while (!ready() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}
