/** Puts the rate limit together: the chosen store behind its guard, the policies, the guard of credentials. */
import type { Core } from '../../core/core.ts';
import { CredentialGuard } from './credential-guard.ts';
import { definePolicy, type Policy } from './gcra.ts';
import { GuardedLimiter, type OnStoreFailure, type Outcome } from './guarded.ts';
import { MemoryStore } from './memory.ts';
import { PostgresStore, type Querier } from './postgres.ts';
import { RedisStore, type ScriptRunner } from './redis.ts';
import type { Store } from './store.ts';

interface Route {
  readonly method: string | undefined;
  readonly path: string;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly burst: number;
}

export interface RateSettings {
  readonly perMinute: number;
  readonly burst: number;
  readonly routes: readonly Route[];
  readonly backend: 'memory' | 'redis' | 'postgres';
  readonly onStoreFailure: OnStoreFailure;
}

type RateCore = Pick<Core, 'log' | 'metrics' | 'clock'>;

export interface Backends {
  readonly redis?: ScriptRunner | undefined;
  readonly sql?: Querier | undefined;
  /** Counts for several processes, whatever the backend, unless that is Redis. */
  readonly central?: Store | undefined;
}

export interface Rate {
  readonly limiter: GuardedLimiter;
  readonly guard: CredentialGuard;
  readonly policy: Policy;
  readonly routes: readonly {
    readonly method: string | undefined;
    readonly path: string;
    readonly policy: Policy;
  }[];
}

/** Throws when the backend that the settings name was not handed over. */
export function openRate(settings: RateSettings, backends: Backends, core: RateCore): Rate {
  const local = new MemoryStore(core.clock);
  const { perMinute, burst, onStoreFailure } = settings;
  return {
    limiter: new GuardedLimiter({
      store: storeOf(settings.backend, backends, local),
      local,
      onFailure: onStoreFailure,
      log: core.log,
      count: counter(core),
    }),
    guard: new CredentialGuard(local, definePolicy('credentials', perMinute, 60, burst)),
    policy: definePolicy('default', perMinute, 60, burst),
    routes: settings.routes.map(({ method, path, ...rate }) => ({
      method,
      path,
      policy: definePolicy(routeName(method, path), rate.limit, rate.windowSeconds, rate.burst),
    })),
  };
}

const routeName = (method: string | undefined, path: string) =>
  method === undefined ? path : `${method} ${path}`;

/** `local` counts where the backend is memory. Throws when the backend was not handed over. */
export function storeOf(
  backend: RateSettings['backend'],
  { redis, sql, central }: Backends,
  local: Store,
): Store {
  if (backend !== 'redis' && central !== undefined) return central;
  if (backend === 'memory') return local;
  if (backend === 'redis' && redis !== undefined) return new RedisStore(redis);
  if (backend === 'postgres' && sql !== undefined) return new PostgresStore(sql);
  throw new Error(`the rate limit is to count in ${backend}, which was not opened`);
}

function counter({ metrics }: RateCore): (outcome: Outcome, store: string) => void {
  const help = 'Rate limit decisions, and who made them.';
  const total = metrics.tally('railguard_rate_limit_total', help, ['decision', 'store']);
  return (outcome, store) => total.inc(outcome, store);
}
