/** Puts identity together: keys, verifier, lock-out, sessions, revocations, and the three filters that ask them. */
import type { Audit } from '../../core/audit.ts';
import type { Core } from '../../core/core.ts';
import type { Probe } from '../../core/lifecycle.ts';
import type { Redis } from '../../core/redis.ts';
import type { SessionDirectory } from '../../core/sessions.ts';
import type { Filter } from '../exchange.ts';
import { authBlock } from '../filters/auth-block.ts';
import { jwt } from '../filters/jwt.ts';
import { session } from '../filters/session.ts';
import { RevocationList } from '../stores/revocations/list.ts';
import { MemoryRevocations } from '../stores/revocations/memory.ts';
import { PostgresRevocations } from '../stores/revocations/postgres.ts';
import { RedisRevocations } from '../stores/revocations/redis.ts';
import type { RevocationStore } from '../stores/revocations/store.ts';
import { MemorySessions } from '../stores/sessions/memory.ts';
import { RedisSessions } from '../stores/sessions/redis.ts';
import { SharedSessions } from '../stores/sessions/shared.ts';
import type { SessionRules } from '../stores/sessions/store.ts';
import type { AlgorithmName } from './algorithms.ts';
import { nameOf, type TokenFacts } from './claims.ts';
import { credentialReader } from './credential.ts';
import { Directory } from './directory.ts';
import { IdentityEvents } from './events.ts';
import { fetchOver, Jwks } from './jwks.ts';
import { keyFingerprint } from './key-fingerprint.ts';
import { ConfiguredKeys } from './key-source.ts';
import { pemKey, secretKey, type VerificationKey } from './keys.ts';
import { Lockout } from './lockout.ts';
import { Verifier } from './verifier.ts';

interface Revealing {
  reveal(): string;
}

export interface IdentitySettings {
  readonly mode: 'off' | 'verify' | 'openapi' | 'require';
  readonly secretKey: Revealing | undefined;
  readonly publicKey: string | undefined;
  readonly jwksUrl: URL | undefined;
  readonly algorithms: readonly AlgorithmName[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly clockTolerance: number;
  readonly requiredClaims: readonly string[];
  readonly refusedTypes: readonly string[];
  readonly publicPaths: readonly string[];
  readonly loginPaths: readonly string[];
  readonly cookie: string | undefined;
  readonly keyPattern: RegExp | undefined;
  readonly failuresBeforeBlock: number;
  readonly blockTime: number;
}

export interface SessionSettings extends SessionRules {
  readonly backend: 'memory' | 'redis';
}

export interface IdentityParts {
  readonly core: Core;
  readonly audit: Audit;
  readonly redis: Redis | undefined;
  /** What replicas share and nobody else knows; names API keys. */
  readonly salt: string | undefined;
}

export interface Identity {
  /** Undefined when it is switched off. */
  readonly authBlock: Filter | undefined;
  readonly jwt: Filter | undefined;
  readonly session: Filter | undefined;
  /** Undefined while tokens are off. */
  readonly directory: SessionDirectory | undefined;
  readonly probes: readonly Probe[];
  /** Begins to fetch keys and revocations; resolves when the first revocations are here, or can't be had. */
  start(): Promise<void>;
  close(): void;
}

const FAILURE_WINDOW = 600_000;
const CONNECT_PATIENCE = 1000;
/** Milliseconds between two writes of a session: a minute, less where sessions are short. */
const writeEvery = ({ idle }: SessionRules): number => (idle === 0 ? 60_000 : Math.min(60_000, idle / 10));

/** Throws BadKey when a configured key is of no use. */
export function openIdentity(
  tokens: IdentitySettings,
  sessions: SessionSettings,
  parts: IdentityParts,
): Identity {
  const { core, audit } = parts;
  const events = new IdentityEvents(audit, core.metrics, core.clock);
  const read = credentialReader(tokens);
  const verification = tokens.mode === 'off' ? undefined : openVerification(tokens, core);
  const blocker =
    tokens.failuresBeforeBlock === 0
      ? undefined
      : authBlock({
          lockout: new Lockout({
            failures: tokens.failuresBeforeBlock,
            window: FAILURE_WINDOW,
            block: tokens.blockTime,
            clock: core.clock,
            redis: parts.redis,
          }),
          read,
          verify: verification?.verify,
          loginPaths: tokens.loginPaths,
          blocked: (x) => events.blocked(x),
        });
  if (verification === undefined) {
    const nothing = { jwt: undefined, session: undefined, directory: undefined, probes: [] };
    return { authBlock: blocker, ...nothing, start: () => Promise.resolve(), close() {} };
  }
  const kept = openSessions(tokens, sessions, parts, events, verification.longestLife);
  return {
    authBlock: blocker,
    jwt: jwt({
      read,
      verify: verification.verify,
      fingerprint: keyFingerprint(parts.salt),
      required: tokens.mode === 'require',
      publicPaths: tokens.publicPaths,
      loginPaths: tokens.loginPaths,
      events,
    }),
    session: kept.filter,
    directory: kept.directory,
    probes: verification.probes,
    async start() {
      verification.jwks?.start();
      if (kept.store.shared)
        await patiently(() => parts.redis?.status === 'ready' || core.postgres?.schema.ready === true);
      await kept.revocations.start();
    },
    close() {
      verification.jwks?.close();
      kept.revocations.close();
    },
  };
}

/** Gives the first connection a second, so that it is not taken for an outage. */
async function patiently(ready: () => boolean): Promise<void> {
  const end = performance.now() + CONNECT_PATIENCE;
  while (!ready() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The place that outlives this process, where there is one. */
function revocationStore(redis: Redis | undefined, { postgres }: Core): RevocationStore {
  if (redis !== undefined) return new RedisRevocations(redis);
  return postgres === undefined ? new MemoryRevocations() : new PostgresRevocations(postgres.pool);
}

function openVerification(tokens: IdentitySettings, core: Core) {
  const { algorithms: allowed, jwksUrl } = tokens;
  const local: VerificationKey[] = [];
  if (tokens.secretKey !== undefined) local.push(secretKey(tokens.secretKey.reveal(), allowed));
  if (tokens.publicKey !== undefined) local.push(pemKey(tokens.publicKey, allowed));
  const jwks =
    jwksUrl === undefined
      ? undefined
      : new Jwks({ fetch: fetchOver(jwksUrl), allowed, clock: core.clock, log: core.log });
  const verifier = new Verifier({
    keys: new ConfiguredKeys(local, jwks),
    allowed: new Set(allowed),
    policy: {
      issuers: tokens.issuers,
      audiences: tokens.audiences,
      tolerance: tokens.clockTolerance,
      required: tokens.requiredClaims,
      refusedTypes: tokens.refusedTypes.map((type) => type.toLowerCase()),
    },
    clock: core.clock,
  });
  if (jwks !== undefined) watchKeys(core, jwks);
  return {
    jwks,
    verify: (token: string): TokenFacts | Promise<TokenFacts> => verifier.verify(token),
    longestLife: () => verifier.longestLife,
    probes: jwks === undefined ? [] : [keyProbe(jwks)],
  };
}

function openSessions(
  tokens: IdentitySettings,
  settings: SessionSettings,
  { core, audit, redis }: IdentityParts,
  events: IdentityEvents,
  longestLife: () => number,
) {
  const { clock, log, metrics } = core;
  const every = writeEvery(settings);
  if (settings.backend === 'redis' && redis === undefined)
    throw new Error('sessions are to be kept in redis, which was not opened');
  const shared =
    settings.backend === 'redis' && redis !== undefined
      ? new SharedSessions({
          store: new RedisSessions(redis, settings, every),
          rules: settings,
          every,
          clock,
          log,
        })
      : undefined;
  const sessions = shared ?? new MemorySessions(settings);
  const local = shared?.local ?? (sessions as MemorySessions);
  const store = revocationStore(redis, core);
  const revocations = new RevocationList({
    store,
    clock,
    log,
    nameSubject: (subject) => nameOf('sub', '', subject),
  });
  const directory = new Directory({ sessions, revocations, audit, clock, longestLife });
  metrics.gauge('railguard_sessions_active', 'Sessions this process has seen that are live.', [], (gauge) =>
    gauge.set(local.count(clock.now())),
  );
  metrics.gauge('railguard_identity_store_up', 'Does the store answer? 1 for yes.', ['store'], (gauge) => {
    gauge.set({ store: 'sessions' }, shared === undefined || shared.up ? 1 : 0);
    gauge.set({ store: 'revocations' }, revocations.current ? 1 : 0);
  });
  const filter = session({
    standing: (token) => revocations.standing(token),
    sessions,
    now: () => clock.now(),
    publicPaths: [...tokens.publicPaths, ...tokens.loginPaths],
    events: {
      opened: (x, token) => events.opened(x, token),
      refused: (x, token, reason) => events.sessionRefused(x, token, reason),
      displaced: (x, token, names) => {
        directory.displaced(names);
        events.displaced(x, token, names);
      },
    },
  });
  return { filter, directory, revocations, store };
}

function watchKeys({ metrics }: Core, jwks: Jwks): void {
  metrics.gauge('railguard_jwks_age_seconds', 'Age of the fetched keys; -1 without any.', [], (gauge) =>
    gauge.set(jwks.age === undefined ? -1 : jwks.age / 1000),
  );
}

/** Tokens can't be checked without keys; all else can go on, so it does not make the instance unready. */
function keyProbe(jwks: Jwks): Probe {
  return {
    name: 'identity_keys',
    critical: false,
    check: () =>
      jwks.age === undefined
        ? { ok: false, message: 'The verification keys can not be fetched.' }
        : { ok: true, figures: { age_seconds: Math.round(jwks.age / 1000) } },
  };
}
