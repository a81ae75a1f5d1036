/** Puts identity together: lock-out, verification, sessions, and the three filters that ask them. */
import type { Audit } from '../../core/audit.ts';
import type { Component } from '../../core/components.ts';
import type { Core } from '../../core/core.ts';
import type { Probe } from '../../core/lifecycle.ts';
import type { Redis } from '../../core/redis.ts';
import type { SessionDirectory } from '../../core/sessions.ts';
import type { Filter } from '../exchange.ts';
import { authBlock } from '../filters/auth-block.ts';
import { jwt } from '../filters/jwt.ts';
import { View } from '../header-view.ts';
import type { Central } from '../stores/central.ts';
import { credentialReader, type ReadCredential } from './credential.ts';
import { IdentityEvents } from './events.ts';
import type { FailureRules } from './failure-count.ts';
import { keyFingerprint } from './key-fingerprint.ts';
import { Lockout } from './lockout.ts';
import { openSessions } from './session-keeping.ts';
import type { IdentitySettings, SessionSettings } from './settings.ts';
import { openVerification, type Verification } from './verification.ts';

export interface IdentityParts {
  readonly core: Core;
  readonly audit: Audit;
  readonly redis: Redis | undefined;
  /** Keeps for several processes what no Redis does. */
  readonly central?: Central | undefined;
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
  /** How the stores fare. */
  stores(): readonly Component[];
  /** Begins to fetch keys and revocations; resolves when the first revocations are here, or can't be had. */
  start(): Promise<void>;
  close(): void;
}

const FAILURE_WINDOW = 600_000;

/** Throws BadKey when a configured key is of no use. */
export function openIdentity(
  tokens: IdentitySettings,
  sessions: SessionSettings,
  parts: IdentityParts,
): Identity {
  const { core } = parts;
  const events = new IdentityEvents(parts.audit, core.metrics, core.clock);
  const credential = new View(credentialReader(tokens));
  const read: ReadCredential = (headers) => credential.of(headers);
  const verification = tokens.mode === 'off' ? undefined : openVerification(tokens, core);
  const blocking = openAuthBlock(tokens, parts, { read, events, verification });
  if (verification === undefined) {
    const nothing = { jwt: undefined, session: undefined, directory: undefined, probes: [] };
    return { authBlock: blocking, ...nothing, stores: () => [], start: () => Promise.resolve(), close() {} };
  }
  const { jwks, verify, longestLife, probes } = verification;
  const { publicPaths, loginPaths } = tokens;
  const open = [...publicPaths, ...loginPaths];
  const kept = openSessions(sessions, { ...parts, events, publicPaths: open, longestLife });
  const fingerprint = keyFingerprint(parts.salt);
  const required = tokens.mode === 'require';
  return {
    authBlock: blocking,
    jwt: jwt({
      read,
      verify,
      now: () => core.clock.now(),
      fingerprint,
      required,
      publicPaths,
      loginPaths,
      events,
    }),
    session: kept.filter,
    directory: kept.directory,
    probes,
    stores: () => kept.stores(),
    start() {
      jwks?.start();
      return kept.start();
    },
    close() {
      jwks?.close();
      kept.close();
    },
  };
}

/** What failures are counted by; none are when `failures` is 0. */
export function failureRules({ failuresBeforeBlock, blockTime }: IdentitySettings): FailureRules {
  return { failures: failuresBeforeBlock, window: FAILURE_WINDOW, block: blockTime };
}

interface BlockParts {
  readonly read: ReadCredential;
  readonly events: IdentityEvents;
  readonly verification: Verification | undefined;
}

function openAuthBlock(
  tokens: IdentitySettings,
  { core: { clock }, redis, central }: IdentityParts,
  { read, events, verification }: BlockParts,
): Filter | undefined {
  const rules = failureRules(tokens);
  if (rules.failures === 0) return undefined;
  return authBlock({
    lockout: new Lockout({
      ...rules,
      clock,
      redis,
      count: redis === undefined ? central?.failures : undefined,
    }),
    read,
    verify: verification?.verify,
    loginPaths: tokens.loginPaths,
    blocked: (x) => events.blocked(x),
  });
}
