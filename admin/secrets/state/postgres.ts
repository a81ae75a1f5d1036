/** Keeps what was seen in PostgreSQL, where all replicas see the same, by the server's clock. */
import type { Migration, Pool } from '../../../core/postgres.ts';
import type { Kept, Row, SecretState, Sighting } from './state.ts';

export const SECRETS_MIGRATION: Migration = {
  name: 'secrets',
  sql: `
CREATE TABLE railguard.secret_pepper (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  pepper text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE railguard.secret_sightings (
  environment text NOT NULL,
  name text NOT NULL,
  fingerprint text NOT NULL,
  pepper_id text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  returned_at timestamptz,
  adopted boolean NOT NULL,
  PRIMARY KEY (environment, name, fingerprint, pepper_id)
)`,
};

const READ = `
SELECT coalesce($2::timestamptz, now()) AS now, name, fingerprint, pepper_id, first_seen, last_seen, returned_at, adopted
FROM (SELECT) AS one LEFT JOIN railguard.secret_sightings ON environment = $1`;

/** xmax is 0 in a row that was inserted, not updated. */
const WRITE = `
INSERT INTO railguard.secret_sightings AS kept
  (environment, name, fingerprint, pepper_id, first_seen, last_seen, returned_at, adopted)
SELECT $1, name, fingerprint, pepper_id, coalesce($2, now()), coalesce($2, now()),
       CASE WHEN returned THEN coalesce($2, now()) END, adopted
FROM (SELECT $2::timestamptz) AS time, unnest($3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[])
  AS seen (name, fingerprint, pepper_id, returned, adopted)
ON CONFLICT (environment, name, fingerprint, pepper_id) DO UPDATE SET
  last_seen = greatest(kept.last_seen, excluded.last_seen),
  returned_at = coalesce(excluded.returned_at, kept.returned_at)
RETURNING name, xmax = 0 AS added`;

/** Milliseconds to wait for a connection. */
const PATIENCE = 5_000;

export interface PostgresStateOptions {
  readonly pool: Pick<Pool, 'with'>;
  /** Do the tables stand? */
  readonly schema: { readonly ready: boolean };
  /** Milliseconds since the epoch, in place of the server's time. */
  readonly now?: () => number;
}

export class PostgresState implements SecretState {
  readonly kind = 'postgres';
  private readonly options: PostgresStateOptions;

  constructor(options: PostgresStateOptions) {
    this.options = options;
  }

  get ready(): boolean {
    return this.options.schema.ready;
  }

  async pepper(candidate: string): Promise<string> {
    await this.query('INSERT INTO railguard.secret_pepper (pepper) VALUES ($1) ON CONFLICT DO NOTHING', [
      candidate,
    ]);
    const [row] = await this.query('SELECT pepper FROM railguard.secret_pepper', []);
    return (row as { pepper: string }).pepper;
  }

  async read(environment: string): Promise<Kept> {
    const found = (await this.query(READ, [environment, this.time()])) as Found[];
    const now = (found[0] as Found).now.getTime();
    return { now, rows: found.filter(({ name }) => name !== null).map(rowOf) };
  }

  async write(environment: string, sightings: readonly Sighting[]): Promise<ReadonlySet<string>> {
    const column = <K extends keyof Sighting>(key: K) => sightings.map((one) => one[key]);
    const columns = (['name', 'fingerprint', 'pepperId', 'returned', 'adopted'] as const).map(column);
    const written = await this.query(WRITE, [environment, this.time(), ...columns]);
    const added = (written as { name: string; added: boolean }[]).filter((row) => row.added);
    return new Set(added.map(({ name }) => name));
  }

  private time(): Date | null {
    return this.options.now === undefined ? null : new Date(this.options.now());
  }

  private query(text: string, values: unknown[]): Promise<unknown[]> {
    return this.options.pool.with(async (client) => (await client.query(text, values)).rows, PATIENCE);
  }
}

interface Found {
  readonly now: Date;
  readonly name: string;
  readonly fingerprint: string;
  readonly pepper_id: string;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly returned_at: Date | null;
  readonly adopted: boolean;
}

const rowOf = (found: Found): Row => ({
  name: found.name,
  fingerprint: found.fingerprint,
  pepperId: found.pepper_id,
  firstSeen: found.first_seen.getTime(),
  lastSeen: found.last_seen.getTime(),
  returnedAt: found.returned_at?.getTime(),
  adopted: found.adopted,
});
