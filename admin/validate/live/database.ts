/** The database as it answers: who we are there, what we may, how much room there is, and what stands in between. */
import { Connector } from '../../../core/postgres/connector.ts';
import type { Probe, Said, Seen } from '../check.ts';
import type { Subject } from '../subject.ts';
import { PATIENCE, within } from './reach.ts';

const OLDEST = 13;

const QUERY = `
SELECT current_setting('server_version_num')::int AS version,
  current_setting('max_connections')::int AS max_connections,
  current_setting('superuser_reserved_connections')::int AS reserved,
  (SELECT count(*)::int FROM pg_stat_activity WHERE datid IS NOT NULL) AS used,
  has_database_privilege(current_database(), 'CREATE') AS may_create,
  EXISTS (SELECT FROM pg_namespace WHERE nspname = 'railguard') AS has_schema,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_statistics,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
  pg_backend_pid() AS pid`;

interface Answer {
  readonly version: number;
  readonly max_connections: number;
  readonly reserved: number;
  readonly used: number;
  readonly may_create: boolean;
  readonly has_schema: boolean;
  readonly reads_statistics: boolean;
  readonly superuser: boolean;
  readonly tls: boolean;
  readonly pid: number;
}

async function ask({ config }: Subject): Promise<Answer & { readonly pooled: boolean }> {
  const { url, applicationName } = config.database;
  if (url === undefined) throw new TypeError('there is no database');
  const timeouts = { connectTimeout: PATIENCE, statementTimeout: PATIENCE };
  const connector = new Connector({
    url,
    applicationName: `${applicationName} validate`.slice(0, 63),
    ...timeouts,
  });
  const link = await within(connector.open(), PATIENCE * 2);
  try {
    const { rows } = await link.client.query<Answer>(QUERY);
    const answer = rows[0] as Answer;
    // A pooler makes up the process id that it tells a client.
    const told = (link.client as unknown as { readonly processID: number | null }).processID;
    return { ...answer, pooled: told !== answer.pid };
  } finally {
    await link.end();
  }
}

async function look(subject: Subject): Promise<Seen> {
  const answer = await ask(subject).catch((error: NodeJS.ErrnoException) => error.code ?? error.name);
  if (typeof answer === 'string') return { said: `DATABASE_URL can not be used (${answer}).` };
  const { version, max_connections, used, tls, pooled, superuser } = answer;
  const figures = {
    server: { version: version / 10_000, max_connections, used, tls, pooler: pooled, superuser },
  };
  return { figures, said: [...rights(answer), ...room(answer, subject)] };
}

function rights({ version, may_create, has_schema, reads_statistics }: Answer): Said[] {
  const said: Said[] = [];
  if (version < OLDEST * 10_000)
    said.push({
      severity: 'warning',
      message: `The database is PostgreSQL ${Math.floor(version / 10_000)}.`,
      mend: `Upgrade it: ${OLDEST} is the oldest that is tried.`,
    });
  if (!may_create && !has_schema)
    said.push({
      message: 'The role may not create the schema `railguard`, and it is not there.',
      mend: 'As the owner of the database: `CREATE SCHEMA railguard AUTHORIZATION` the role.',
    });
  if (!reads_statistics)
    said.push({
      severity: 'recommendation',
      message: "The role can't see other programs' connections.",
      mend: 'As a superuser: `GRANT pg_read_all_stats TO` the role.',
    });
  return said;
}

function room({ max_connections, reserved, used }: Answer, { config, processes }: Subject): Said[] {
  const { poolMaxSize, poolMaxOverflow } = config.database;
  const pools = config.database.pooler === 'managed' ? 2 * processes : processes;
  const wanted = pools * (poolMaxSize + poolMaxOverflow);
  const there = max_connections - reserved;
  if (wanted > there)
    return [
      {
        message: `${pools} × (${poolMaxSize} + ${poolMaxOverflow}) = ${wanted} connections may be opened; the server has ${there} to give.`,
        mend: 'Lower DB_POOL_MAX_SIZE or DB_POOL_MAX_OVERFLOW, or use fewer replicas.',
      },
    ];
  if (used / there < 0.8) return [];
  return [
    {
      severity: 'warning',
      message: `${used} of ${there} connections are in use.`,
      mend: "Look in `/pool` at whose they are; lower the app's pool, or put a pooler in front.",
    },
  ];
}

export const database: readonly Probe[] = [
  {
    id: 'live-database',
    category: 'database',
    severity: 'critical',
    holds: 'The database lets railguard in, with the rights and the room it needs',
    reason: 'Audit events, fingerprints and statistics live there; railguard runs without, and forgets.',
    mend: 'Check address, user and password; from outside of the private network its names do not resolve.',
    applies: ({ config }) => config.database.url !== undefined,
    look,
  },
];
