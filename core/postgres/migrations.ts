/** Brings railguard's own schema up to date: each step once, in order, whoever of the replicas comes first. */
import type pg from 'pg';
import { sqlState } from './failure.ts';
import type { Pool } from './pool.ts';

export interface Migration {
  /** Never changes once released; it is how a step is known to be done. */
  readonly name: string;
  /** Statements that make objects in the schema `railguard`, which is there. */
  readonly sql: string;
}

/** Any number will do that nobody else locks: the first bytes of "railguard". */
const LOCK = 0x7261696c;
/** Milliseconds a step may take, waiting for another replica included. */
const STEP_TIMEOUT = 5 * 60_000;

/** Whoever may not create the schema can use one that is there: IF NOT EXISTS would ask for the right first. */
const BEGIN = `
DO $$ BEGIN
  IF to_regnamespace('railguard') IS NULL THEN
    CREATE SCHEMA railguard;
  END IF;
  IF to_regclass('railguard.migrations') IS NULL THEN
    CREATE TABLE railguard.migrations (
      name text PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
END $$`;

/** The steps it ran, by name. Rejects with the server's error; what was done before it stays done. */
export async function migrate(pool: Pool, migrations: readonly Migration[]): Promise<string[]> {
  await alone(pool, (client) => patient(client, BEGIN));
  const applied: string[] = [];
  for (const { name, sql } of migrations) {
    await alone(pool, async (client) => {
      const done = await client.query('SELECT 1 FROM railguard.migrations WHERE name = $1', [name]);
      if (done.rows.length > 0) return;
      await patient(client, sql);
      await client.query('INSERT INTO railguard.migrations (name) VALUES ($1)', [name]);
      applied.push(name);
    });
  }
  return applied;
}

/** In a transaction that no other replica is in at the same time. A pooler may stand between: no session lock. */
function alone(pool: Pool, run: (client: pg.Client) => Promise<unknown>): Promise<unknown> {
  return pool.transaction(async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${STEP_TIMEOUT}`);
    await patient(client, `SELECT pg_advisory_xact_lock(${LOCK})`);
    await run(client);
  });
}

/** pg gives up on its own after the time it has for any statement, unless told otherwise. */
function patient(client: pg.Client, text: string): Promise<unknown> {
  const query: pg.QueryConfig & { query_timeout: number } = { text, query_timeout: STEP_TIMEOUT };
  return client.query(query);
}

/** What to say and do about a schema that could not be brought up to date; safe to show. */
export function migrationAdvice(error: unknown): string {
  if (sqlState(error) !== '42501') return 'the schema could not be brought up to date';
  return (
    'the database role may not create what it needs; let an owner run ' +
    'CREATE SCHEMA railguard AUTHORIZATION <role of DATABASE_URL>'
  );
}
