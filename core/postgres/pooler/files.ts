/** PgBouncer's configuration and password files, made from the database URL and the pool's bounds. */
import { type DatabaseAddress, databaseAddress, databasePassword, type Hidden } from '../address.ts';

export interface PoolerSettings {
  readonly url: Hidden;
  readonly host: string;
  readonly port: number;
  readonly mode: 'session' | 'transaction';
  readonly poolMinSize: number;
  readonly poolMaxSize: number;
  readonly poolMaxOverflow: number;
  /** Milliseconds. */
  readonly poolTimeout: number;
}

export interface PoolerFiles {
  readonly config: string;
  readonly users: string;
}

/** Who reads the console; may not change anything. */
export const CONSOLE_USER = 'railguard_console';

/** With its servers and itself below the 1024 descriptors that a process gets where nobody raised it. */
const MAX_CLIENTS = 900;
const SYSTEM_CAS = '/etc/ssl/certs/ca-certificates.crt';

/** Throws a TypeError when a value holds what no line of these files can. */
export function poolerFiles(
  settings: PoolerSettings,
  usersPath: string,
  consolePassword: string,
): PoolerFiles {
  const address = databaseAddress(settings.url);
  const password = databasePassword(settings.url);
  if (address.user === '' || password === '')
    throw new TypeError(
      'POOLER=managed needs a user and a password in DATABASE_URL: they guard the pooler as well',
    );
  const users = [
    [address.user, password],
    [CONSOLE_USER, consolePassword],
  ].map((pair) => `${pair.map((text) => `"${line(text).replaceAll('"', '""')}"`).join(' ')}\n`);
  const lines = Object.entries(options(settings, address, usersPath)).map(
    ([name, value]) => `${name} = ${value}\n`,
  );
  return {
    config: `[databases]\n${databaseLine(address)}\n[pgbouncer]\n${lines.join('')}`,
    users: users.join(''),
  };
}

function databaseLine({ hosts, database }: DatabaseAddress): string {
  const { host, port } = hosts[0] as { host: string; port: number };
  const quoted = (text: string): string => `'${line(text).replaceAll("'", "''")}'`;
  // Older versions know no quotes around a name; the asterisk takes any, and leads to this one.
  const name = /^[A-Za-z0-9_-]+$/.test(database) ? database : '*';
  return `${name} = host=${quoted(host)} port=${port} dbname=${quoted(database)}\n`;
}

function options(settings: PoolerSettings, address: DatabaseAddress, usersPath: string) {
  const { poolMinSize: min, poolMaxSize: max, poolMaxOverflow: overflow } = settings;
  return {
    listen_addr: settings.host === '::' ? '*' : settings.host,
    listen_port: settings.port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: usersPath,
    stats_users: CONSOLE_USER,
    pool_mode: settings.mode,
    min_pool_size: min,
    default_pool_size: max,
    reserve_pool_size: overflow,
    // Zero would switch the reserve off.
    reserve_pool_timeout: 0.1,
    max_db_connections: max + overflow,
    max_client_conn: MAX_CLIENTS,
    query_wait_timeout: settings.poolTimeout / 1000,
    server_idle_timeout: 60,
    server_login_retry: 1,
    server_connect_timeout: 5,
    ignore_startup_parameters: 'extra_float_digits',
    ...(settings.mode === 'transaction' && { max_prepared_statements: 200 }),
    ...tls(address),
    log_connections: 0,
    log_disconnections: 0,
    log_stats: 0,
  };
}

function tls({ tls, caFile, certFile, keyFile }: DatabaseAddress): Record<string, string> {
  if (tls === 'disable') return { server_tls_sslmode: 'disable' };
  const verified = tls === 'verify-ca' || tls === 'verify-full';
  const authorities = caFile === 'system' || (verified && caFile === undefined) ? SYSTEM_CAS : caFile;
  return {
    server_tls_sslmode: tls,
    ...(authorities !== undefined && { server_tls_ca_file: line(authorities) }),
    ...(certFile !== undefined && { server_tls_cert_file: line(certFile) }),
    ...(keyFile !== undefined && { server_tls_key_file: line(keyFile) }),
  };
}

function line(text: string): string {
  if (/[\0-\x1f]/.test(text))
    throw new TypeError('DATABASE_URL holds a control character, which POOLER=managed can not use');
  return text;
}
