/** Texts that name places: what is taken, and what is refused with a mend. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCidr, parseHost, parsePath, parsePathPattern, parseUrl } from '../../../config/parse-net.ts';

describe('host', () => {
  it.each(['::', '0.0.0.0', '127.0.0.1', '::1', 'localhost', 'app.railway.internal', 'fe80::1%eth0'])(
    'takes %s',
    (text) => {
      expect(parseHost(text)).toEqual({ value: text });
    },
  );

  it.each(['127.0.0.256', '1.2.3', 'http://a', 'a b', '', '-a.test', 'a:80', '1:2', '*'])(
    'refuses %j',
    (text) => {
      expect(parseHost(text)).toHaveProperty('error');
    },
  );

  it('says how to write an address that came in brackets', () => {
    expect(parseHost('[::]')).toEqual({ error: '`[::]` has brackets; write `::`' });
  });
});

describe('url', () => {
  const schemes = ['http', 'https', 'h2c'];

  it.each([
    'http://127.0.0.1:8000',
    'https://app.test',
    'h2c://app.railway.internal:8080',
    'http://[::1]:80/',
  ])('takes %s', (text) => {
    expect(parseUrl(text, schemes)).toEqual({ value: new URL(text) });
  });

  it.each(['app:8000', '//app', 'http://', 'http://a b', '', 'h2c:app', '8000'])('refuses %j', (text) => {
    expect(parseUrl(text, schemes)).toHaveProperty('error');
  });

  it('names the schemes it takes', () => {
    expect(parseUrl('ftp://a.test', schemes)).toEqual({
      error: 'the scheme `ftp` is not supported; use http://… or https://… or h2c://…',
    });
  });

  it.each([
    'http://user:hunter2@a.test',
    'http://hunter2@a.test',
    'http://u:hunter2@a b',
    'u:hunter2@a.test',
  ])('refuses %s without repeating the password', (text) => {
    const parsed = parseUrl(text, schemes);
    expect(parsed).toHaveProperty('error');
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  it.each(['http://a.test/base', 'http://a.test/?q', 'http://a.test/#f', 'h2c://a.test/x'])(
    'refuses %s where only an origin means anything',
    (text) => {
      expect(parseUrl(text, schemes)).toHaveProperty('value');
      expect(parseUrl(text, schemes, true)).toHaveProperty('error');
    },
  );
});

describe('cidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:192.0.2.1', '192.0.2.1/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('reads %s as %s', (text, value) => {
    expect(parseCidr(text)).toEqual({ value });
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '0x0a.0.0.0/8',
    '010.0.0.1',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    'a.test',
    '',
    '10.0.0.0 /8',
    '10.0.0.0/8/8',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toHaveProperty('error');
  });

  it('keeps every IPv4 and IPv6 address inside the network it reads', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const once = parseCidr(address);
        expect(once).toHaveProperty('value');
        if ('value' in once) expect(parseCidr(once.value)).toEqual(once);
      }),
    );
  });
});

describe('path', () => {
  it.each(['/', '/health', '/csp-report', '/a/b/', '/~a/%41;v=1', '/.well-known/x', '/a..b'])(
    'takes %s',
    (text) => {
      expect(parsePath(text)).toEqual({ value: text });
    },
  );

  it.each([
    'health',
    '/a?b',
    '/a#b',
    '/a b',
    '//a',
    '/a//b',
    '/./a',
    '/a/..',
    '/../a',
    '/a/*',
    '/é',
    '/a\\b',
    '',
  ])('refuses %j', (text) => {
    expect(parsePath(text)).toHaveProperty('error');
  });

  it.each(['/', '/*', '/api/*', '/api/v1/login'])('takes %s in a list of paths', (text) => {
    expect(parsePathPattern(text)).toEqual({ value: text });
  });

  it.each(['*', '/a*', '/*/a', '/a/*/b', '/a/**', '/*/*', 'api/*', '//*', '/a/../*'])(
    'refuses %s in a list of paths',
    (text) => {
      expect(parsePathPattern(text)).toHaveProperty('error');
    },
  );
});
