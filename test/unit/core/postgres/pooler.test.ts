import { describe, expect, it } from 'vitest';
import { type PoolerSettings, poolerFiles } from '../../../../core/postgres/pooler/files.ts';
import { unfit } from '../../../../core/postgres/pooler/program.ts';

const settings = (url: string, more: Partial<PoolerSettings> = {}): PoolerSettings => ({
  url: { reveal: () => url },
  host: '127.0.0.1',
  port: 6432,
  mode: 'session',
  poolMinSize: 5,
  poolMaxSize: 20,
  poolMaxOverflow: 40,
  poolTimeout: 30_000,
  ...more,
});
const files = (url: string, more?: Partial<PoolerSettings>) =>
  poolerFiles(settings(url, more), '/x/users', 'console-pw');
const URL_OF = 'postgres://app:pw@db:5433/name';

describe("PgBouncer's files", () => {
  it('carry the bounds of the pool', () => {
    const { config } = files(URL_OF);
    expect(config).toContain("name = host='db' port=5433 dbname='name'\n");
    for (const line of [
      'min_pool_size = 5',
      'default_pool_size = 20',
      'reserve_pool_size = 40',
      'max_db_connections = 60',
      'query_wait_timeout = 30',
      'pool_mode = session',
      'listen_addr = 127.0.0.1',
      'server_login_retry = 1',
      'server_tls_sslmode = prefer',
    ])
      expect(config.split('\n')).toContain(line);
  });

  it('hold passwords in the one of users alone', () => {
    const { config, users } = files('postgres://app:p%22w%27d@db/name');
    expect(users).toBe('"app" "p""w\'d"\n"railguard_console" "console-pw"\n');
    expect(config).not.toMatch(/p"w|console-pw/);
  });

  it('give the console to a user that may only look', () => {
    const { config } = files(URL_OF);
    expect(config).toContain('stats_users = railguard_console\n');
    expect(config).not.toContain('admin_users');
  });

  it.each([
    ['disable', ['server_tls_sslmode = disable']],
    ['require', ['server_tls_sslmode = require']],
    [
      'verify-full',
      ['server_tls_sslmode = verify-full', 'server_tls_ca_file = /etc/ssl/certs/ca-certificates.crt'],
    ],
    ['verify-ca&sslrootcert=/r.pem', ['server_tls_sslmode = verify-ca', 'server_tls_ca_file = /r.pem']],
  ])('ask the database for TLS as the URL says: %s', (mode, lines) => {
    const written = files(`${URL_OF}?sslmode=${mode}`).config.split('\n');
    for (const line of lines) expect(written).toContain(line);
  });

  it('lead any name to a database whose name older versions can not read', () => {
    expect(files('postgres://a:b@h/my%20db').config).toContain("* = host='h' port=5432 dbname='my db'\n");
    expect(files("postgres://a:b@h/o'db").config).toContain("dbname='o''db'");
  });

  it('listen everywhere when told so, and keep prepared statements in transaction mode', () => {
    const { config } = files(URL_OF, { host: '::', mode: 'transaction' });
    expect(config).toContain('listen_addr = *\n');
    expect(config).toContain('max_prepared_statements = 200\n');
  });

  it.each([
    'postgres://app:p%0Aw@h/d',
    'postgres://app:pw@h/d%0Aadmin_users=app',
    'postgres://a%0Dpp:pw@h/d',
  ])('are not written when a value would break out of its line: %s', (url) =>
    expect(() => files(url)).toThrow('control character'),
  );

  it.each(['postgres://app@h/d', 'postgres://:pw@h/d'])('need a login to guard the pooler with: %s', (url) =>
    expect(() => files(url)).toThrow('needs a user and a password'),
  );
});

describe('a PgBouncer', () => {
  const version = (text: string) => ({ path: '/usr/sbin/pgbouncer', version: text });

  it('that is not installed is named with the command that installs it', () => {
    expect(unfit(undefined, 'session')).toContain('apt-get install pgbouncer');
  });

  it.each(['1.18.0', '1.20.1', '0.9'])('%s will do for sessions, not for transactions', (text) => {
    expect(unfit(version(text), 'session')).toBeUndefined();
    expect(unfit(version(text), 'transaction')).toContain(`this one is ${text}`);
  });

  it.each(['1.21.0', '1.24.1', '1.25', '2.0'])('%s will do for both', (text) => {
    expect(unfit(version(text), 'transaction')).toBeUndefined();
  });
});
