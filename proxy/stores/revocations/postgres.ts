/** Revocations in PostgreSQL, for where there is no Redis: a table that is read forward. */
import { MAX_REVOCATIONS, type News, type Revocation, type RevocationStore } from './store.ts';

/** The part of a `pg` pool that is used. */
export interface RevocationSql {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/** In the schema `railguard`, which is there. The row of kind `epoch` tells this table from one that was made anew. */
export const REVOCATIONS_DDL = `
CREATE TABLE IF NOT EXISTS railguard.revocations (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  before_ms bigint NOT NULL,
  expires_ms bigint NOT NULL
);
INSERT INTO railguard.revocations (kind, name, before_ms, expires_ms)
SELECT 'epoch', gen_random_uuid()::text, 0, 9007199254740991
WHERE NOT EXISTS (SELECT FROM railguard.revocations WHERE kind = 'epoch');
`;

/** The lock makes rows visible in the order of their numbers, so that a reader skips none. */
const ADD = `
WITH turn AS (SELECT pg_advisory_xact_lock(7246011832)),
  room AS (SELECT count(*) < $5::int AS left FROM railguard.revocations, turn)
INSERT INTO railguard.revocations (kind, name, before_ms, expires_ms)
SELECT $1, $2, $3::bigint, $4::bigint FROM room WHERE room.left
RETURNING seq`;

const NEWS = `
SELECT seq, kind, name, before_ms, expires_ms FROM railguard.revocations
WHERE seq > $1::bigint OR kind = 'epoch' ORDER BY kind <> 'epoch', seq LIMIT $2::int`;

const PURGE = `DELETE FROM railguard.revocations WHERE expires_ms <= $1::bigint`;

const BATCH = 2000;

interface Row {
  readonly seq: string;
  readonly kind: Revocation['kind'] | 'epoch';
  readonly name: string;
  readonly before_ms: string;
  readonly expires_ms: string;
}

export class PostgresRevocations implements RevocationStore {
  readonly name = 'postgres';
  readonly shared = true;
  private readonly sql: RevocationSql;

  /** The table must be there: REVOCATIONS_DDL makes it. */
  constructor(sql: RevocationSql) {
    this.sql = sql;
  }

  async add({ kind, name, before, expiresAt }: Revocation): Promise<void> {
    const values = [kind, name, Math.floor(before), Math.ceil(expiresAt), MAX_REVOCATIONS];
    const { rows } = await this.sql.query(ADD, values);
    if (rows.length === 0) throw new Error('the store of revocations is full');
  }

  async news(epoch: string, mark: number): Promise<News> {
    const revocations: Revocation[] = [];
    let at = { epoch, mark };
    for (;;) {
      const [first, ...rows] = (await this.sql.query(NEWS, [at.mark, BATCH])).rows as Row[];
      if (first?.kind !== 'epoch') throw new Error('the table of revocations has lost its epoch');
      if (first.name !== at.epoch && at.mark !== 0) {
        at = { epoch: first.name, mark: 0 };
        continue;
      }
      for (const { kind, name, before_ms, expires_ms } of rows)
        if (kind !== 'epoch')
          revocations.push({ kind, name, before: Number(before_ms), expiresAt: Number(expires_ms) });
      at = { epoch: first.name, mark: Math.max(at.mark, Number(rows.at(-1)?.seq ?? first.seq)) };
      if (rows.length < BATCH - 1) return { ...at, revocations };
    }
  }

  async purge(now: number): Promise<void> {
    await this.sql.query(PURGE, [now]);
  }
}
