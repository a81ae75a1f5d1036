/** Keeps audit events in the database: in batches, in order, each once, waiting through an outage within bounds. */
import type { AuditEvent, AuditQuery, AuditSink, AuditStore } from './audit.ts';
import type { Core } from './core.ts';
import { AuditQueue } from './postgres/audit-queue.ts';
import { deleteEvents, insertEvents, selectEvents } from './postgres/audit-table.ts';
import { BackOff } from './postgres/back-off.ts';
import { sqlState } from './postgres/failure.ts';
import type { Pool } from './postgres/pool.ts';

export { AUDIT_MIGRATION } from './postgres/audit-table.ts';

export interface PostgresAuditOptions {
  readonly pool: Pool;
  /** Does the table stand? */
  readonly schema: { readonly ready: boolean };
  /** Answers while the database does not. */
  readonly fallback: AuditStore;
  readonly retentionDays: number;
  /** Events that may wait; 10,000 if not given. */
  readonly capacity?: number;
}

type AuditCore = Pick<Core, 'log' | 'metrics' | 'clock'>;

const BATCH = 1_000;
/** Milliseconds. */
const GATHER = 100;
const SWEEP_EVERY = 3_600_000;
const FIRST_SWEEP = 60_000;
const READ_YOUR_WRITES = 500;
const DAY = 86_400_000;
/** Rows a statement deletes at most, and statements a sweep runs at most. */
const BITE = 5_000;
const BITES = 200;

export class PostgresAudit implements AuditSink, AuditStore {
  private readonly options: PostgresAuditOptions;
  private readonly core: AuditCore;
  private readonly queue: AuditQueue;
  private readonly backOff: BackOff;
  private sweeps: NodeJS.Timeout;
  private readonly idle = new Set<() => void>();
  private gathering: NodeJS.Timeout | undefined;
  private writing = false;
  private reported = 0;

  constructor(options: PostgresAuditOptions, core: AuditCore) {
    this.options = options;
    this.core = core;
    this.queue = new AuditQueue(options.capacity ?? 10_000);
    this.backOff = new BackOff(() => void this.pump());
    this.sweeps = setTimeout(() => this.sweepAndAgain(), FIRST_SWEEP);
    this.sweeps.unref();
    core.metrics.counter(
      'railguard_audit_dropped_total',
      'Audit events that did not reach the database.',
      [],
      () => this.queue.dropped,
    );
  }

  /** Events that the database has not confirmed. */
  get waiting(): number {
    return this.queue.size;
  }

  get dropped(): number {
    return this.queue.dropped;
  }

  write(event: AuditEvent): void {
    this.queue.push(event);
    if (this.gathering !== undefined || this.writing || this.backOff.waiting) return;
    this.gathering = setTimeout(() => void this.pump(), GATHER);
  }

  /** What was recorded so far is in the answer, unless the database is away: then memory answers. */
  async query(query: AuditQuery): Promise<readonly AuditEvent[]> {
    const { pool, schema, fallback } = this.options;
    if (!schema.ready) return fallback.query(query);
    try {
      await this.flush(READ_YOUR_WRITES);
      return await selectEvents(pool, query);
    } catch (error) {
      this.core.log.warn('lifecycle', 'audit events are read from memory: the database does not answer', {
        error,
      });
      return fallback.query(query);
    }
  }

  /** Resolves when all events so far are written, or after `timeout` ms. */
  async flush(timeout: number): Promise<void> {
    if (this.queue.size === 0) return;
    // Whoever asks does not wait for the back-off: the database may be there again.
    void this.pump();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.idle.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeout);
      this.idle.add(done);
    });
  }

  /** Writes what waits, for at most `grace` ms; what is left then is counted as dropped. */
  async close(grace: number): Promise<void> {
    clearTimeout(this.sweeps);
    await this.flush(grace);
    this.backOff.stop();
    clearTimeout(this.gathering);
    const left = this.queue.size;
    if (left === 0) return;
    this.queue.dropped += left;
    this.core.log.error('lifecycle', 'audit events did not reach the database', { count: left });
  }

  /** Deletes what is older than the retention, in bites. Never rejects: a failed sweep is the next one's work. */
  async sweep(): Promise<void> {
    const { pool, schema, retentionDays } = this.options;
    if (!schema.ready) return;
    const cutOff = this.core.clock.now() - retentionDays * DAY;
    try {
      for (let i = 0; i < BITES; i++) if ((await deleteEvents(pool, cutOff, BITE)) < BITE) return;
    } catch (error) {
      this.core.log.warn('lifecycle', 'old audit events could not be deleted', { error });
    }
  }

  private sweepAndAgain(): void {
    void this.sweep();
    this.sweeps = setTimeout(() => this.sweepAndAgain(), SWEEP_EVERY);
    this.sweeps.unref();
  }

  /** One batch after the other until nothing waits; a failure leaves it to the back-off. */
  private async pump(): Promise<void> {
    clearTimeout(this.gathering);
    this.gathering = undefined;
    if (this.writing) return;
    this.writing = true;
    while (this.queue.size > 0) {
      if (!(await this.writeBatch())) break;
    }
    this.writing = false;
    if (this.queue.size > 0) return;
    for (const done of this.idle) done();
  }

  private async writeBatch(): Promise<boolean> {
    const { pool, schema } = this.options;
    try {
      if (!schema.ready) throw new Error('the table is not there yet');
      await this.store(pool, this.queue.take(BATCH));
    } catch (error) {
      if (!this.backOff.failing)
        this.core.log.debug('lifecycle', 'audit events wait for the database', { error });
      this.reportDrops();
      this.backOff.failed();
      return false;
    }
    this.queue.confirm();
    this.backOff.succeeded();
    return true;
  }

  /** An event the table can't hold must not keep the others out: it is found by halves, and dropped. */
  private async store(pool: Pool, events: readonly AuditEvent[]): Promise<void> {
    try {
      await insertEvents(pool, events);
    } catch (error) {
      if (!/^(22|23|54)/.test(sqlState(error) ?? '')) throw error;
      if (events.length === 1) {
        this.queue.dropped++;
        this.core.log.error('lifecycle', 'the database refuses an audit event', { error });
        return;
      }
      const half = events.length >> 1;
      await this.store(pool, events.slice(0, half));
      await this.store(pool, events.slice(half));
    }
  }

  private reportDrops(): void {
    const { dropped } = this.queue;
    if (dropped === this.reported) return;
    this.core.log.error('lifecycle', 'audit events are dropped: the database is away', {
      count: dropped - this.reported,
    });
    this.reported = dropped;
  }
}
