/** The database: where it is, how many connections railguard takes, and the pooler in front of it. */
import { Secret } from './secret.ts';
import { bad, choice, duration, good, host, int, type Parsed, port, string, variable } from './var.ts';

const FORM = /^postgres(?:ql)?(?:\+\w+)?:\/\/(?:[^/?#]*@)?([^/?#@]*)(?:\/[^?#]*)?(?:\?([^#]*))?$/i;
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const HOST = /^(?:\[[0-9a-f:.]+\]|[^:[\]\s]*)(?::\d{1,5})?$/i;

/** Never repeats any part of the URL: it holds a password. */
function parseDatabaseUrl(text: string): Parsed<Secret> {
  const form = FORM.exec(text);
  if (form === null)
    return bad(
      'is not a URL it can use; write postgresql://user:password@host:5432/name, with /, ?, # and % of the password as %2F, %3F, %23 and %25',
    );
  if (/%(?![0-9a-f]{2})/i.test(text))
    return bad('holds a % that is not followed by two hex digits; write it as %25');
  const hosts = (form[1] as string).split(',');
  if (!hosts.every((one) => HOST.test(one))) return bad('holds a host that is not one; write host:5432');
  const mode = new URLSearchParams(form[2] ?? '').get('sslmode');
  if (mode !== null && !MODES.includes(mode))
    return bad(`has an sslmode that does not exist; use ${MODES.slice(0, -1).join(', ')}`);
  return good(new Secret(text));
}

export const database = {
  url: variable(
    'DATABASE_URL',
    {
      doc: 'PostgreSQL, for audit events, statistics and what replicas share; several hosts and `sslmode` as libpq has them.',
    },
    {
      kind: 'secret URL (postgres, postgresql)',
      secret: true,
      parse: (text) => parseDatabaseUrl(text.trim()),
    },
  ),
  poolMinSize: int('DB_POOL_MIN_SIZE', {
    default: '5',
    min: 0,
    max: 1000,
    doc: 'Connections opened at start and kept.',
  }),
  poolMaxSize: int('DB_POOL_MAX_SIZE', {
    default: '20',
    min: 1,
    max: 1000,
    doc: 'Connections kept while there is work for them.',
  }),
  poolMaxOverflow: int('DB_POOL_MAX_OVERFLOW', {
    default: '40',
    min: 0,
    max: 1000,
    doc: 'Connections opened beyond that when all are busy, and closed when they come back.',
  }),
  poolTimeout: duration('DB_POOL_TIMEOUT', {
    default: '30',
    min: '10ms',
    max: '1h',
    doc: 'Time to wait for a connection.',
  }),
  applicationName: string('DB_APPLICATION_NAME', {
    default: 'railguard',
    check: (text) =>
      /^[\x20-\x7e]{1,63}$/.test(text) ? undefined : 'must be 1 to 63 printable ASCII characters',
    doc: "Name of railguard's connections in `pg_stat_activity`.",
  }),
  auditRetentionDays: int('AUDIT_RETENTION_DAYS', {
    default: '90',
    min: 1,
    max: 3650,
    doc: 'Days that audit events stay in the database.',
  }),
  pooler: choice('POOLER', ['off', 'detect', 'managed'], {
    default: 'off',
    doc: '`detect` reads the PgBouncer that `DATABASE_URL` points at; `managed` runs one in front of the database, with the limits of `DB_POOL_*`.',
  }),
  poolerPort: port('POOLER_PORT', { default: '6432', doc: 'Port of the managed pooler.' }),
  poolerHost: host('POOLER_HOST', {
    default: '127.0.0.1',
    doc: 'Address the managed pooler listens on; `::` for an app in a container of its own.',
  }),
  poolerMode: choice('POOLER_MODE', ['session', 'transaction'], {
    default: 'session',
    doc: 'Whether a server connection belongs to a client or to a transaction; `transaction` needs PgBouncer 1.21.',
  }),
};

interface DatabaseValues {
  readonly url: unknown;
  readonly poolMinSize: number;
  readonly poolMaxSize: number;
  readonly pooler: string;
}

/** A pooler without a database has nothing to pool. */
export function poolerNeedsDatabase({ pooler, url }: DatabaseValues): string | undefined {
  return pooler === 'off' || url !== undefined
    ? undefined
    : `is ${pooler} without DATABASE_URL; set it, or use off`;
}

export function floorAboveSize({ poolMinSize: min, poolMaxSize: max }: DatabaseValues): string | undefined {
  return min <= max ? undefined : `is ${min}, above the ${max} of DB_POOL_MAX_SIZE; make it smaller`;
}
