/** Between the requests and the store: an answer within 50 ms whatever happens to it, and a way back when it does. */
import type { Log } from '../../core/logger.ts';
import { Problem } from '../problem.ts';
import { type Decision, decision, definePolicy, type Policy } from './gcra.ts';
import type { MemoryStore } from './memory.ts';
import type { Limiter, Store } from './store.ts';

export type OnStoreFailure = 'local' | 'open' | 'closed';
export type Outcome = 'allowed' | 'limited' | 'unavailable';

export interface GuardOptions {
  readonly store: Store;
  /** Keeps the limits of this process alone while the store is away, from what the store said last. */
  readonly local: MemoryStore;
  readonly onFailure: OnStoreFailure;
  readonly log: Log;
  /** `store` is the store's name, `local`, or `none` when nobody counted. */
  readonly count: (outcome: Outcome, store: string) => void;
  /** Milliseconds a decision waits for the store. */
  readonly patience?: number;
}

/** Milliseconds between two probes of a store that is away: from, to. */
const PROBE_FIRST = 100;
const PROBE_LAST = 1000;
/** A store that stays this long is well again: the next failure starts with quick probes. */
const STEADY = 10_000;
const PROBE = definePolicy('probe', 1_000_000, 1, 1000);

/**
 * The circuit: closed while the store answers in time; open from its first error, or from the first wait in which it
 * answered nobody in time, until a background probe succeeds. A single late answer only sends its own request away.
 */
export class GuardedLimiter implements Limiter {
  private readonly options: GuardOptions;
  private readonly patience: number;
  private open = false;
  private answersInTime = 0;
  /** Turns with each closing, so that a straggler of an earlier outage can't open the circuit again. */
  private era = 0;
  private delay = PROBE_FIRST;
  private openedAt = 0;
  private closedAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: GuardOptions) {
    this.options = options;
    this.patience = options.patience ?? 50;
  }

  /** Is the store out of use at the moment? */
  get degraded(): boolean {
    return this.open;
  }

  /** Name of the store that counts when all is well. */
  get storeName(): string {
    return this.options.store.name;
  }

  decide(key: string, policy: Policy): Decision | Promise<Decision> {
    if (this.open) return this.without(key, policy);
    const answer = this.options.store.decide(key, policy);
    if (!(answer instanceof Promise)) return this.counted(answer, this.options.store.name);
    return this.bounded(answer, key, policy);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.options.store.close();
  }

  private bounded(answer: Promise<Decision>, key: string, policy: Policy): Promise<Decision> {
    const { era, answersInTime } = this;
    return new Promise((resolve, reject) => {
      let settled = false;
      const give = (use: () => Decision): void => {
        settled = true;
        clearTimeout(timer);
        try {
          resolve(use());
        } catch (refused) {
          reject(refused);
        }
      };
      const late = (): void => {
        if (settled) return;
        if (answersInTime === this.answersInTime)
          this.trip(era, new Error(`no answer within ${this.patience} ms`));
        give(() => this.without(key, policy));
      };
      // When it was this process that stalled, the answer lies in the socket: one look before giving up.
      const timer = setTimeout(() => setImmediate(late), this.patience);
      answer.then(
        (given) => {
          this.options.local.adopt(key, given);
          if (settled) return;
          this.answersInTime++;
          give(() => this.counted(given, this.options.store.name));
        },
        (cause: unknown) => {
          if (settled) return;
          this.trip(era, cause);
          give(() => this.without(key, policy));
        },
      );
    });
  }

  /** The operator's choice for as long as there is no store. */
  private without(key: string, policy: Policy): Decision {
    const { onFailure, local, count } = this.options;
    if (onFailure === 'local') return this.counted(local.decide(key, policy), 'local');
    if (onFailure === 'open') return this.counted(decision(true, 0, policy), 'none');
    count('unavailable', 'none');
    throw new Problem('store_unavailable');
  }

  private counted(given: Decision, store: string): Decision {
    this.options.count(given.allowed ? 'allowed' : 'limited', store);
    return given;
  }

  private trip(era: number, cause: unknown): void {
    if (this.open || era !== this.era || this.closed) return;
    const { log, store, onFailure } = this.options;
    this.open = true;
    this.openedAt = performance.now();
    if (this.openedAt - this.closedAt > STEADY) this.delay = PROBE_FIRST;
    log.error('rate_limit', 'the rate limit store does not answer', {
      store: store.name,
      until_it_does: onFailure,
      error: cause,
    });
    this.probeLater();
  }

  private probeLater(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.probe(), this.delay);
    this.timer.unref();
    this.delay = Math.min(this.delay * 2, PROBE_LAST);
  }

  /** A whole decision, not a ping: a store that answers but can't write is no store. */
  private async probe(): Promise<void> {
    const { store, log } = this.options;
    const started = performance.now();
    try {
      await store.decide('probe', PROBE);
      if (performance.now() - started > this.patience) throw new Error('the answer came too late');
    } catch {
      this.probeLater();
      return;
    }
    this.open = false;
    this.era++;
    this.closedAt = performance.now();
    log.info('rate_limit', 'the rate limit store answers again', {
      store: store.name,
      away_ms: Math.round(this.closedAt - this.openedAt),
    });
  }
}
