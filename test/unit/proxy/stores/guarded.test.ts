import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../core/clock.ts';
import type { Log } from '../../../../core/logger.ts';
import { Problem } from '../../../../proxy/problem.ts';
import { type Decision, decision, definePolicy, type Policy } from '../../../../proxy/stores/gcra.ts';
import { GuardedLimiter, type OnStoreFailure } from '../../../../proxy/stores/guarded.ts';
import { MemoryStore } from '../../../../proxy/stores/memory.ts';
import type { Store } from '../../../../proxy/stores/store.ts';

const policy = definePolicy('default', 50, 60, 10);

/** A store whose health is turned by hand. */
class Switch implements Store {
  readonly name = 'redis';
  mode: 'well' | 'failing' | 'silent' = 'well';
  calls = 0;
  /** Microseconds its keys run ahead. */
  ahead = policy.interval;
  readonly silent: ((decision: Decision) => void)[] = [];
  decide(_key: string, policy: Policy): Promise<Decision> {
    this.calls++;
    if (this.mode === 'failing') return Promise.reject(new Error('connection refused'));
    if (this.mode === 'silent') return new Promise((resolve) => this.silent.push(resolve));
    return Promise.resolve(decision(true, this.ahead, policy));
  }
  close() {}
}

let limiter: GuardedLimiter | undefined;
afterEach(() => limiter?.close());

function guarded(onFailure: OnStoreFailure, patience = 20) {
  const store = new Switch();
  const lines: { level: string; message: string; facts: unknown }[] = [];
  const line = (level: string) => (_: string, message: string, facts?: unknown) => {
    lines.push({ level, message, facts });
  };
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    ready: () => undefined,
    enabled: () => true,
    flush: () => Promise.resolve(),
  };
  const counts: Record<string, number> = {};
  const made = new GuardedLimiter({
    store,
    local: new MemoryStore(systemClock, 100),
    onFailure,
    log,
    patience,
    count: (outcome, by) => {
      counts[`${outcome} ${by}`] = (counts[`${outcome} ${by}`] ?? 0) + 1;
    },
  });
  limiter = made;
  return { store, lines, counts, limiter: made };
}

describe('while the store answers', () => {
  it('its decisions are passed on and counted as its own', async () => {
    const { limiter, counts } = guarded('local');
    expect(await limiter.decide('k', policy)).toMatchObject({ allowed: true, remaining: 9 });
    expect(counts).toEqual({ 'allowed redis': 1 });
  });

  it('a store that needs no wait is asked without one', () => {
    const memory = new MemoryStore(systemClock, 100);
    const seen: string[] = [];
    const { limiter: other } = guarded('local');
    const plain = new GuardedLimiter({
      store: memory,
      local: memory,
      onFailure: 'local',
      log: { ...console, enabled: () => false, flush: () => Promise.resolve() } as unknown as Log,
      count: (outcome, by) => seen.push(`${outcome} ${by}`),
    });
    for (let i = 0; i < 11; i++) expect(plain.decide('k', policy)).not.toBeInstanceOf(Promise);
    expect(seen).toEqual([...Array(10).fill('allowed memory'), 'limited memory']);
    other.close();
  });
});

describe('when the store fails', () => {
  it('the request that met the failure, and those after it, are limited in this process', async () => {
    const { limiter, store, counts } = guarded('local');
    store.mode = 'failing';
    const answers: boolean[] = [];
    for (let i = 0; i < 12; i++) answers.push((await limiter.decide('k', policy)).allowed);
    expect(answers).toEqual([...Array(10).fill(true), false, false]);
    expect(counts).toEqual({ 'allowed local': 10, 'limited local': 2 });
    expect(store.calls).toBe(1);
  });

  it('the count goes on from what the store said last, not from a full budget', async () => {
    const { limiter, store } = guarded('local');
    store.ahead = 7 * policy.interval;
    expect(await limiter.decide('k', policy)).toMatchObject({ allowed: true, remaining: 3 });
    store.mode = 'failing';
    const answers: boolean[] = [];
    for (let i = 0; i < 5; i++) answers.push((await limiter.decide('k', policy)).allowed);
    expect(answers).toEqual([true, true, true, false, false]);
  });

  it('a single answer that is late sends its own request away and no other', async () => {
    const { limiter, store, lines, counts } = guarded('local');
    store.mode = 'silent';
    const late = limiter.decide('slow', policy);
    store.mode = 'well';
    expect((await limiter.decide('quick', policy)).allowed).toBe(true);
    expect((await late).allowed).toBe(true);
    expect(limiter.degraded).toBe(false);
    expect(lines).toEqual([]);
    expect(counts).toEqual({ 'allowed redis': 1, 'allowed local': 1 });
  });

  it('no later request waits for it or asks it', async () => {
    const { limiter, store } = guarded('local');
    store.mode = 'silent';
    await limiter.decide('k', policy);
    expect(limiter.degraded).toBe(true);
    for (let i = 0; i < 5; i++) expect(limiter.decide('k', policy)).not.toBeInstanceOf(Promise);
    expect(store.calls).toBe(1);
  });

  it('everything passes when the operator chose open', async () => {
    const { limiter, store, counts } = guarded('open');
    store.mode = 'failing';
    for (let i = 0; i < 50; i++) expect((await limiter.decide('k', policy)).allowed).toBe(true);
    expect(counts).toEqual({ 'allowed none': 50 });
  });

  it('everything is refused with 503 when the operator chose closed', async () => {
    const { limiter, store, counts } = guarded('closed');
    store.mode = 'failing';
    const refusals = await Promise.allSettled([limiter.decide('k', policy), limiter.decide('k', policy)]);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        status: 'rejected',
        reason: { code: 'store_unavailable', status: 503 },
      });
    }
    expect(() => limiter.decide('k', policy)).toThrow(Problem);
    expect(counts).toEqual({ 'unavailable none': 3 });
  });

  it('says so once, however many requests meet the failure, and once when it is back', async () => {
    const { limiter, store, lines } = guarded('local');
    store.mode = 'failing';
    await Promise.all(Array.from({ length: 100 }, (_, i) => limiter.decide(`k${i}`, policy)));
    expect(lines.map((line) => line.level)).toEqual(['error']);
    expect(lines[0]?.facts).toMatchObject({ store: 'redis', until_it_does: 'local' });
    store.mode = 'well';
    await expect.poll(() => limiter.degraded).toBe(false);
    expect(lines.map((line) => line.level)).toEqual(['error', 'info']);
  });
});

describe('when the store is back', () => {
  it('it is asked again, after a probe of its own and without a request being risked', async () => {
    const { limiter, store, counts } = guarded('local');
    store.mode = 'silent';
    await limiter.decide('k', policy);
    store.mode = 'well';
    await expect.poll(() => limiter.degraded).toBe(false);
    expect(store.calls).toBe(2);
    await limiter.decide('k', policy);
    expect(counts).toEqual({ 'allowed local': 1, 'allowed redis': 1 });
  });

  it('a straggler from the outage does not open the circuit again', async () => {
    const { limiter, store, lines } = guarded('local', 400);
    store.mode = 'silent';
    const straggler = limiter.decide('slow', policy);
    store.mode = 'failing';
    await limiter.decide('k', policy);
    store.mode = 'well';
    await expect.poll(() => limiter.degraded, { interval: 5 }).toBe(false);
    expect((await straggler).allowed).toBe(true);
    expect(limiter.degraded).toBe(false);
    expect(lines).toHaveLength(2);
  });

  it('an answer that comes too late is not the answer any more', async () => {
    const { limiter, store, counts } = guarded('local');
    store.mode = 'silent';
    const given = await limiter.decide('k', policy);
    for (const answer of store.silent) answer(decision(false, policy.tolerance + 1, policy));
    expect(given.allowed).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(counts).toEqual({ 'allowed local': 1 });
  });
});
