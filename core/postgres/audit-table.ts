/** The table of audit events and every statement that touches it. */
import type pg from 'pg';
import type { AuditEvent, AuditQuery } from '../audit.ts';
import type { Migration } from './migrations.ts';
import type { Pool } from './pool.ts';

/** `seq` keeps the order of events of one millisecond; `id` keeps an event that is sent twice from being there twice. */
export const AUDIT_MIGRATION: Migration = {
  name: 'audit',
  sql: `
CREATE TABLE railguard.audit (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  type text NOT NULL,
  subject text,
  event json NOT NULL
);
CREATE INDEX audit_at ON railguard.audit (at, seq);
CREATE INDEX audit_type ON railguard.audit (type, at, seq);
CREATE INDEX audit_subject ON railguard.audit (subject, at, seq) WHERE subject IS NOT NULL;
`,
};

const INSERT = `
INSERT INTO railguard.audit (id, at, type, subject, event)
SELECT (e->>'id')::uuid, (e->>'time')::timestamptz, e->>'type', e->>'subject', e
FROM json_array_elements($1::json) WITH ORDINALITY AS given (e, place) ORDER BY place
ON CONFLICT (id) DO NOTHING`;

const DELETE_OLD = `
DELETE FROM railguard.audit WHERE ctid = ANY (ARRAY (
  SELECT ctid FROM railguard.audit WHERE at < $1 ORDER BY at LIMIT $2::int FOR UPDATE SKIP LOCKED))`;

/** Writes all of them or rejects; one that is there already stays as it is. */
export async function insertEvents(pool: Pool, events: readonly AuditEvent[]): Promise<void> {
  await pool.query(INSERT, [`[${events.map(storable).join(',')}]`]);
}

/** Newest first. */
export async function selectEvents(pool: Pool, query: AuditQuery): Promise<AuditEvent[]> {
  const { text, values } = selection(query);
  const { rows } = await pool.query(text, values);
  return (rows as { event: AuditEvent }[]).map(({ event }) => event);
}

/** Only the conditions that are asked for, so that the planner takes the index made for them. */
export function selection({ since, type, subject, before, limit }: AuditQuery): pg.QueryConfig & {
  values: unknown[];
} {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (value: unknown, condition: (place: string) => string): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (type !== undefined) add(type, (place) => `type = ${place}`);
  if (subject !== undefined) add(subject, (place) => `subject = ${place}`);
  if (since !== undefined) add(since / 1000, (place) => `at >= to_timestamp(${place}::float8)`);
  if (before !== undefined) {
    const of = (column: string, place: string): string =>
      `(SELECT ${column} FROM railguard.audit WHERE id = ${place}::uuid)`;
    add(before, (place) => `(at, seq) < (${of('at', place)}, ${of('seq', place)})`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `;
  values.push(limit);
  const text = `SELECT event FROM railguard.audit ${where}ORDER BY at DESC, seq DESC LIMIT $${values.length}::int`;
  return { text, values };
}

/** Deletes a bounded number of events older than `cutOff` (milliseconds since the epoch); how many it were. */
export async function deleteEvents(pool: Pool, cutOff: number, bite: number): Promise<number> {
  const { rowCount } = await pool.query(DELETE_OLD, [new Date(cutOff).toISOString(), bite]);
  return rowCount ?? 0;
}

/** PostgreSQL's text holds no NUL and no half of a surrogate pair: they become the replacement character. */
function storable(event: AuditEvent): string {
  const text = JSON.stringify(event);
  if (!text.includes('\\u')) return text;
  return JSON.stringify(event, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value,
  );
}
