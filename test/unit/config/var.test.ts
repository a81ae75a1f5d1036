/** Declarations: bounds, choices and secrets, and the types that follow from them. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Secret } from '../../../config/secret.ts';
import {
  bool,
  type Context,
  choice,
  choices,
  cidrs,
  duration,
  int,
  list,
  pathList,
  port,
  secret,
  secretUrl,
  size,
  string,
  url,
  type Values,
  type Variable,
} from '../../../config/var.ts';

const nowhere: Context = {
  env: {},
  tty: false,
  readFile: () => {
    throw new Error('no files here');
  },
};
const read = <T>(declared: Variable<T>, text: string) => declared.parse(text, nowhere);
const doc = 'A test.';

describe('a declaration', () => {
  it('gives undefined to the type only where there is no default', () => {
    const section = {
      wait: duration('A_WAIT', { default: '5s', doc }),
      cap: size('A_CAP', { doc }),
      way: choice('A_WAY', ['open', 'closed'], { default: 'open', doc }),
      on: bool('A_ON', { default: { from: () => 'true', text: 'true' }, doc }),
      key: secret('A_KEY', { min: 32, doc }),
      at: url('A_AT', { schemes: ['http'], default: 'http://a.test', doc }),
      which: choices('A_WHICH', ['x', 'y'], { default: 'x', doc }),
      names: list('A_NAMES', { default: 'none', doc }),
    };
    expectTypeOf<Values<typeof section>>().toEqualTypeOf<{
      readonly wait: number;
      readonly cap: number | undefined;
      readonly way: 'open' | 'closed';
      readonly on: boolean;
      readonly key: Secret | undefined;
      readonly at: URL;
      readonly which: readonly ('x' | 'y')[];
      readonly names: readonly string[];
    }>();
    expect(Object.values(section).map((declared) => declared.name)).toContain('A_WHICH');
  });

  it('trims blanks around a value, but not around a secret', () => {
    expect(read(int('A_B', { doc }), ' 5\n')).toEqual({ value: 5 });
    const parsed = read(secret('A_B', { doc }), ' key ');
    expect('value' in parsed && parsed.value?.reveal()).toBe(' key ');
  });

  it('holds numbers between bounds written in their own form', () => {
    const wait = duration('A_B', { min: '1s', max: '1m', doc });
    expect(read(wait, '999ms')).toEqual({ error: 'must be at least 1s' });
    expect(read(wait, '61')).toEqual({ error: 'must be at most 1m' });
    expect(read(wait, '1m')).toEqual({ value: 60_000 });
    expect(read(size('A_B', { max: '1mb', doc }), '2mb')).toEqual({ error: 'must be at most 1mb' });
    expect(read(int('A_B', { min: 1, max: 9, doc }), '0')).toEqual({ error: 'must be at least 1' });
    expect(read(int('A_B', { min: 1, max: 9, doc }), '10')).toEqual({ error: 'must be at most 9' });
  });

  it.each(['65536', '-1', '80.5', 'http', '$PORT'])('refuses %s as a port', (text) => {
    expect(read(port('A_B', { doc }), text)).toHaveProperty('error');
  });

  it('names the values of a choice', () => {
    const way = choice('A_B', ['memory', 'redis'], { doc });
    expect(read(way, 'Redis')).toEqual({ value: 'redis' });
    expect(read(way, 'disk')).toEqual({ error: '`disk` is none of its values; use memory, redis' });
    const ways = choices('A_B', ['RS256', 'ES256'], { doc });
    expect(read(ways, 'rs256, ES256')).toEqual({ value: ['RS256', 'ES256'] });
    expect(read(ways, 'RS256,HS1')).toEqual({ error: '`HS1` is none of its values; use RS256, ES256' });
  });

  it('passes on what its check says', () => {
    const check = (text: string) => (text === 'x' ? 'may not be x' : undefined);
    expect(read(string('A_B', { check, doc }), 'x')).toEqual({ error: 'may not be x' });
    expect(read(string('A_B', { check, doc }), 'y')).toEqual({ value: 'y' });
    expect(read(list('A_B', { check, doc }), 'y,x')).toEqual({ error: 'may not be x' });
  });

  it('reads lists of networks and paths item by item', () => {
    expect(read(cidrs('A_B', { doc }), '10.0.0.1/8, ::1')).toEqual({ value: ['10.0.0.0/8', '::1/128'] });
    expect(read(cidrs('A_B', { doc }), '10.0.0.1/8,x')).toHaveProperty('error');
    expect(read(pathList('A_B', { doc }), '/a,/b/*')).toEqual({ value: ['/a', '/b/*'] });
    expect(read(pathList('A_B', { doc }), '/a,b')).toHaveProperty('error');
  });
});

describe('a secret', () => {
  it('is measured in characters or in bytes', () => {
    const umlauts = 'ü'.repeat(16);
    expect(read(secret('A_B', { min: 32, doc }), umlauts)).toHaveProperty('error');
    expect(read(secret('A_B', { min: 32, unit: 'bytes', doc }), umlauts)).toHaveProperty('value');
  });

  it('suggests a command whose output is long enough', () => {
    expect(read(secret('A_B', { min: 32, doc }), 'short')).toEqual({
      error: 'is shorter than 32 characters; make one with `openssl rand -base64 48`',
    });
  });

  it('is never part of its own error, nor of the effective view', () => {
    const kinds = [
      secret('A_B', { min: 200, doc }),
      secret('A_B', { check: () => 'will not do', doc }),
      secretUrl('A_B', { schemes: ['postgres'], doc }),
    ];
    const value = fc.stringMatching(/^[A-Za-z0-9_]{12,40}$/).map((text) => `Zq${text}`);
    fc.assert(
      fc.property(value, (text) => {
        for (const kind of kinds) {
          const parsed = read(kind, text);
          expect(parsed).toHaveProperty('error');
          expect(JSON.stringify(parsed)).not.toContain(text);
        }
        const open = secret('A_B', { doc });
        const parsed = read(open, text);
        expect('value' in parsed && open.show(parsed.value)).toBe('[set]');
      }),
    );
  });

  it('may be a whole URL with its credentials', () => {
    const database = secretUrl('A_B', { schemes: ['postgres', 'postgresql'], doc });
    const parsed = read(database, 'postgres://u:p@db.test/x ');
    expect('value' in parsed && parsed.value?.reveal()).toBe('postgres://u:p@db.test/x');
    expect(read(database, 'mysql://u:p@db.test')).toEqual({
      error: 'is not a URL it can use; write postgres://… or postgresql://…',
    });
  });
});
