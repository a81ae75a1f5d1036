import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  addressedTo,
  databaseAddress,
  databasePassword,
  otherDatabase,
  tlsOptions,
} from '../../../../core/postgres/address.ts';

const hidden = (value: string) => ({ reveal: () => value });
const address = (url: string) => databaseAddress(hidden(url));

describe('a database URL', () => {
  it('names user, host, port and database, each decoded', () => {
    expect(address('postgresql://us%40er:p@db.internal:6543/my%2Fdb')).toMatchObject({
      hosts: [{ host: 'db.internal', port: 6543 }],
      user: 'us@er',
      database: 'my/db',
      tls: 'prefer',
      readWrite: false,
    });
  });

  it.each([
    ['postgres://u@h/d', [{ host: 'h', port: 5432 }]],
    ['postgres://u@/d', [{ host: 'localhost', port: 5432 }]],
    ['postgresql+asyncpg://u@h:1/d', [{ host: 'h', port: 1 }]],
    ['postgres://u@[::1]:77/d', [{ host: '::1', port: 77 }]],
    [
      'postgres://u@a:1,b:2,c/d',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
        { host: 'c', port: 5432 },
      ],
    ],
    ['postgres://u@/d?host=/run/pg&port=7', [{ host: '/run/pg', port: 7 }]],
    ['postgres://u@%2Frun%2Fpg/d', [{ host: '/run/pg', port: 5432 }]],
    [
      'postgres:///d?host=a,b&port=1,2&user=u',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    ],
  ])('%s has the hosts %j', (url, hosts) => {
    expect(address(url).hosts).toEqual(hosts);
    expect(address(url).user).toBe('u');
  });

  it('takes the user for the database when it names none', () => {
    expect(address('postgres://u@h').database).toBe('u');
  });

  it.each([
    ['a word', 'p'],
    ['what must be encoded', '%40%3A%2F%3F%23%25'],
    ['an @ that was not', 'p@ss'],
  ])('has a password: %s', (_, written) => {
    expect(databasePassword(hidden(`postgres://u:${written}@h/d`))).toBe(decodeURIComponent(written));
    expect(address(`postgres://u:${written}@h/d`).hosts).toEqual([{ host: 'h', port: 5432 }]);
  });

  it.each([
    'mysql://u:secret-word@h/d',
    'postgres://u:secret-word%@h/d',
    'postgres://u:secret-word@h:99999/d',
    'postgres://u:secret-word@h:x/d',
    'postgres://u:secret-word@h/d?sslmode=maybe',
    'postgres://u:secret-word@a b:1:2/d',
  ])('that can not be used is refused without being repeated: %s', (url) => {
    let said = '';
    try {
      address(url);
    } catch (error) {
      said = (error as TypeError).message;
    }
    expect(said).toMatch(/^DATABASE_URL /);
    expect(said).not.toContain('secret-word');
  });

  it('asks for a server that takes writes', () => {
    expect(address('postgres://u@h/d?target_session_attrs=read-write').readWrite).toBe(true);
    expect(address('postgres://u@h/d?target_session_attrs=primary').readWrite).toBe(true);
    expect(address('postgres://u@h/d?target_session_attrs=any').readWrite).toBe(false);
  });

  it('leads to another place with the same login, without the TLS of the first', () => {
    const url = hidden('postgresql+asyncpg://u%40x:p%2Fw@h:1/d%20b?sslmode=verify-full&application_name=a');
    expect(addressedTo(url, '127.0.0.1', 6432)).toBe(
      'postgresql+asyncpg://u%40x:p%2Fw@127.0.0.1:6432/d%20b?sslmode=disable&application_name=a',
    );
    expect(addressedTo(url, '::1', 6432)).toContain('@[::1]:6432/');
    expect(addressedTo(hidden('postgres://u:p@h/d?ssl=require'), '127.0.0.1', 1)).toBe(
      'postgres://u:p@127.0.0.1:1/d',
    );
  });

  it('leads to another database at the same place', () => {
    const url = hidden('postgres://u:p@a:1,b:2/d?sslmode=require&target_session_attrs=read-write');
    expect(otherDatabase(url, 'pgbouncer')).toBe('postgres://u:p@a:1,b:2/pgbouncer?sslmode=require');
    expect(otherDatabase(hidden('postgres://u:p@a'), 'pgbouncer')).toBe('postgres://u:p@a/pgbouncer?');
  });
});

describe('the TLS of a database URL', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'address-')), 'root.pem');
  writeFileSync(file, 'a certificate');
  const options = (query: string) => tlsOptions(address(`postgres://u@h/d${query}`));

  it('is off when it says so', () => {
    expect(options('?sslmode=disable')).toBeUndefined();
  });

  it.each(['', '?ssl=true', '?sslmode=allow', '?sslmode=prefer', '?sslmode=require', '?sslmode=no-verify'])(
    'encrypts without asking who is there: %s',
    (query) => expect(options(query)).toEqual({ rejectUnauthorized: false }),
  );

  it('asks for the name as well with verify-full', () => {
    expect(options('?sslmode=verify-full')).toEqual({ rejectUnauthorized: true });
    expect(options('?sslmode=verify-full&sslrootcert=system')).toEqual({ rejectUnauthorized: true });
  });

  it('asks for the authority alone with verify-ca, and with require once there is a root certificate', () => {
    for (const mode of ['verify-ca', 'require']) {
      const found = options(`?sslmode=${mode}&sslrootcert=${file}`);
      expect(found).toMatchObject({ rejectUnauthorized: true, ca: 'a certificate' });
      expect(found?.checkServerIdentity?.('h', {} as never)).toBeUndefined();
    }
  });

  it('names the file that is not there', () => {
    expect(() => options('?sslmode=verify-ca&sslrootcert=/nowhere.pem')).toThrow('/nowhere.pem');
  });
});
