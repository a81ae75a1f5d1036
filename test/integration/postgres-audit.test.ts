/** Audit events in a real database: each once, in order, through outages, found by index, forgotten in time. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent, AuditType } from '../../core/audit.ts';
import { RingAudit } from '../../core/audit.ts';
import { AUDIT_MIGRATION, PostgresAudit, type PostgresAuditOptions } from '../../core/audit-postgres.ts';
import { systemClock } from '../../core/clock.ts';
import { Ids } from '../../core/ids.ts';
import { deleteEvents, insertEvents, selection } from '../../core/postgres/audit-table.ts';
import type { Postgres } from '../../core/postgres.ts';
import { until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { openTestPostgres, testCore } from '../harness/wire-postgres.ts';

/** Rows of the plan and speed tests; the full size with RAILGUARD_FULL=1. */
const MANY = process.env.RAILGUARD_FULL === '1' ? 1_000_000 : 60_000;
const DAY = 86_400_000;
const ids = new Ids(systemClock);
let serial = 0;

function event(facts: Partial<AuditEvent> = {}): AuditEvent {
  const time = facts.time ?? new Date().toISOString();
  return { id: ids.uuid(), time, type: 'session', action: `n${serial++}`, outcome: 'success', ...facts };
}

let cluster: PostgresCluster;
let postgres: Postgres;
beforeAll(async () => {
  cluster = await PostgresCluster.start();
  ({ postgres } = openTestPostgres(cluster.url, [AUDIT_MIGRATION]));
  await until('the schema stands', 5000, () => postgres.schema.ready);
});
afterAll(async () => {
  await postgres.close();
  await cluster.stop();
});
beforeEach(() => cluster.sql('TRUNCATE railguard.audit'));

function open(options: Partial<PostgresAuditOptions> = {}) {
  const core = testCore();
  const memory = new RingAudit(100);
  const audit = new PostgresAudit(
    { pool: postgres.pool, schema: postgres.schema, fallback: memory, retentionDays: 90, ...options },
    core,
  );
  return { audit, memory, kept: core.kept };
}

const stored = async () =>
  (
    await cluster.sql<{ action: string }>(
      "SELECT event->>'action' AS action FROM railguard.audit ORDER BY seq",
    )
  ).map(({ action }) => action);

describe('the audit store', () => {
  it('keeps what was written, in order, and says it at once', async () => {
    const { audit } = open();
    const events = Array.from({ length: 2500 }, () => event());
    for (const one of events) audit.write(one);
    expect((await audit.query({ limit: 3 })).map(({ id }) => id)).toEqual(
      events
        .slice(-3)
        .reverse()
        .map(({ id }) => id),
    );
    await audit.close(5000);
    expect(await stored()).toEqual(events.map(({ action }) => action));
    expect(audit.dropped).toBe(0);
  });

  it('gives back the whole event', async () => {
    const { audit } = open();
    const whole = event({
      subject: 'ann',
      client_ip: '192.0.2.7',
      reason: 'Grüße, "quoted" \\ and 🦊',
      count: 3,
    });
    audit.write(whole);
    expect(await audit.query({ limit: 1 })).toEqual([whole]);
    await audit.close(1000);
  });

  it('takes text that PostgreSQL has no place for', async () => {
    const { audit } = open();
    audit.write(event({ subject: 'nul\0and half \ud83e', reason: 'written \\u0000 stays' }));
    const [found] = await audit.query({ limit: 1 });
    expect(found).toMatchObject({ subject: 'nul\ufffdand half \ufffd', reason: 'written \\u0000 stays' });
    await audit.close(1000);
    expect(audit.dropped).toBe(0);
  });

  it('drops an event that the table refuses, and keeps its neighbours', async () => {
    const { audit } = open();
    const good = [event(), event(), event()];
    audit.write(good[0] as AuditEvent);
    audit.write(good[1] as AuditEvent);
    audit.write(event({ id: 'no uuid' }));
    audit.write(good[2] as AuditEvent);
    await audit.close(5000);
    expect(await stored()).toEqual(good.map(({ action }) => action));
    expect(audit.dropped).toBe(1);
  });

  it('finds by time, kind and subject, page by page, without a gap or a repeat', async () => {
    const { audit } = open();
    const types: AuditType[] = ['session', 'authentication'];
    // Many in one millisecond, so that time alone would not keep them apart.
    const start = Date.UTC(2026, 0, 1);
    const events = Array.from({ length: 300 }, (_, i) =>
      event({
        time: new Date(start + Math.floor(i / 50)).toISOString(),
        type: types[i % 2] as AuditType,
        ...(i % 3 === 0 && { subject: 'ann' }),
      }),
    );
    for (const one of events) audit.write(one);
    const expected = (keep: (one: AuditEvent, i: number) => boolean) => events.filter(keep).reverse();
    const since = start + 2;
    expect(await audit.query({ since, limit: 999 })).toEqual(expected((_, i) => i >= 100));
    expect(await audit.query({ type: 'session', limit: 999 })).toEqual(expected((_, i) => i % 2 === 0));
    expect(await audit.query({ subject: 'ann', type: 'session', since, limit: 999 })).toEqual(
      expected((_, i) => i % 6 === 0 && i >= 100),
    );
    expect(await audit.query({ subject: 'bob', limit: 999 })).toEqual([]);
    const pages: AuditEvent[] = [];
    for (let before: string | undefined; ; before = pages.at(-1)?.id) {
      const page = await audit.query({ limit: 7, before });
      pages.push(...page);
      if (page.length < 7) break;
    }
    expect(pages).toEqual(expected(() => true));
    await audit.close(1000);
  });

  it('waits through an outage, then writes everything once', async () => {
    const { audit, memory } = open();
    const events = Array.from({ length: 3000 }, () => event());
    const write = (from: number, to: number) => {
      for (const one of events.slice(from, to)) {
        audit.write(one);
        memory.write(one);
      }
    };
    write(0, 1000);
    await cluster.kill();
    write(1000, 3000);
    const meanwhile = await audit.query({ limit: 2 });
    expect(meanwhile.map(({ id }) => id)).toEqual([events[2999]?.id, events[2998]?.id]);
    expect(audit.waiting).toBeGreaterThanOrEqual(2000);
    await cluster.startAgain();
    await until('nothing waits', 10_000, () => audit.waiting === 0);
    expect(await stored()).toEqual(events.map(({ action }) => action));
    expect(audit.dropped).toBe(0);
    await audit.close(1000);
  });

  it('writes once what the database took without being able to say so', async () => {
    const events = Array.from({ length: 500 }, () => event());
    await insertEvents(postgres.pool, events);
    await insertEvents(postgres.pool, [...events, event()]);
    expect(await stored()).toHaveLength(501);
  });

  it('drops the oldest that is no authentication when too many wait, counts it, and says so', async () => {
    const core = testCore();
    const audit = new PostgresAudit(
      {
        pool: postgres.pool,
        schema: { ready: false },
        fallback: new RingAudit(),
        retentionDays: 90,
        capacity: 100,
      },
      core,
    );
    for (let i = 0; i < 150; i++) audit.write(event({ type: i < 30 ? 'authentication' : 'session' }));
    expect([audit.waiting, audit.dropped]).toEqual([100, 50]);
    for (let i = 0; i < 120; i++) audit.write(event({ type: 'authentication' }));
    expect([audit.waiting, audit.dropped]).toEqual([100, 170]);
    await audit.flush(300);
    expect(core.kept.parsed.map(({ message }) => message)).toContain(
      'audit events are dropped: the database is away',
    );
    expect(await core.metrics.registry.metrics()).toContain('railguard_audit_dropped_total 170');
    await audit.close(0);
    expect(audit.dropped).toBe(270);
  });

  it('forgets what is older than the retention, and nothing else', async () => {
    const { audit } = open({ retentionDays: 30 });
    const aged = (days: number) => event({ time: new Date(Date.now() - days * DAY).toISOString() });
    const [old, young] = [Array.from({ length: 6000 }, () => aged(31)), [aged(29), aged(0)]];
    await insertEvents(postgres.pool, [...old, ...young]);
    await audit.sweep();
    expect(await stored()).toEqual(young.map(({ action }) => action));
    await audit.close(0);
  });

  it(`finds by index among ${MANY} events, takes 20,000 a second and forgets in bites`, async () => {
    const perBatch = 1000;
    const start = Date.now() - 3_600_000;
    const types: AuditType[] = [
      'session',
      'authentication',
      'api_key_usage',
      'permission_check',
      'admin_access',
    ];
    let busy = 0;
    for (let sent = 0; sent < MANY; sent += perBatch) {
      const batch = Array.from({ length: perBatch }, (_, i) =>
        event({
          time: new Date(start + sent + i).toISOString(),
          type: types[(sent + i) % types.length] as AuditType,
          subject: `user-${(sent + i) % 5000}`,
          client_ip: '192.0.2.1',
          correlation_id: ids.uuid(),
          path: '/api/v1/auth/status',
        }),
      );
      const began = performance.now();
      await insertEvents(postgres.pool, batch);
      busy += performance.now() - began;
    }
    const rate = Math.round(MANY / (busy / 1000));
    await cluster.sql('ANALYZE railguard.audit');
    const [middle] = await cluster.sql<{ id: string }>(
      'SELECT id FROM railguard.audit ORDER BY seq LIMIT 1 OFFSET $1',
      [MANY >> 1],
    );
    const since = start + (MANY >> 1);
    const before = middle?.id as string;
    const plans: string[] = [];
    for (const query of [
      {},
      { since },
      { before },
      { type: 'session' as const },
      { subject: 'user-7' },
      { type: 'session' as const, since, before },
      { subject: 'user-7', since, before },
    ]) {
      const { text, values } = selection({ ...query, limit: 100 });
      const rows = await cluster.sql<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE) ${text}`, values);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).not.toContain('Seq Scan');
      expect(plan).toMatch(
        /Index Scan (Backward )?using audit_(at|type|subject)|Bitmap Index Scan on audit_/,
      );
      plans.push(`${Object.keys(query).join('+') || 'all'}: ${plan.match(/Execution Time: [\d.]+ ms/)?.[0]}`);
    }
    const bite = await cluster.sql<{ 'QUERY PLAN': string }>(
      'EXPLAIN SELECT ctid FROM railguard.audit WHERE at < now() ORDER BY at LIMIT 5000 FOR UPDATE SKIP LOCKED',
    );
    expect(bite.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan using audit_at');
    expect(await deleteEvents(postgres.pool, Date.now(), 5000)).toBe(5000);
    if (process.env.RAILGUARD_FULL === '1') {
      console.log(`${rate} events/s; ${plans.join('; ')}`);
      expect(rate).toBeGreaterThanOrEqual(20_000);
    }
  });
});
