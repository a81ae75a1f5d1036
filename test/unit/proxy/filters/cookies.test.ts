import { describe, expect, test } from 'vitest';
import { type CookiesOptions, cookies } from '../../../../proxy/filters/cookies.ts';
import { exchange, reply } from './edge-exchange.ts';

const options: CookiesOptions = { secure: true, httpOnly: true, scriptReadable: ['csrf'], sameSite: 'lax' };

const harden = (line: string, change: Partial<CookiesOptions> = {}, scheme: 'http' | 'https' = 'https') => {
  const out = reply(['Set-Cookie', line]);
  cookies({ ...options, ...change }).response?.(exchange({ scheme }), out);
  return out.headers.get('set-cookie');
};

describe('cookies', () => {
  test.each([
    ['a=1', 'a=1; Secure; HttpOnly; SameSite=Lax'],
    ['a=1; Path=/; secure; HTTPONLY; samesite=strict', 'a=1; Path=/; secure; HTTPONLY; samesite=strict'],
    ['a=1; SameSite=None', 'a=1; SameSite=None; Secure; HttpOnly'],
    ['a=b=c; Max-Age=5;', 'a=b=c; Max-Age=5; Secure; HttpOnly; SameSite=Lax'],
    ['csrf=1', 'csrf=1; Secure; SameSite=Lax'],
    [
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=Lax',
    ],
    ['secure=httponly', 'secure=httponly; Secure; HttpOnly; SameSite=Lax'],
    ['nonsense', 'nonsense'],
  ])('over https %j becomes %j', (line, expected) => {
    expect(harden(line)).toBe(expected);
  });

  test('over plain http Secure is not added: the browser would drop the cookie', () => {
    expect(harden('a=1', {}, 'http')).toBe('a=1; HttpOnly; SameSite=Lax');
  });

  test.each(['__Host-a=1; Path=/', '__Secure-a=1', 'a=1; SameSite=None', 'a=1; Partitioned'])(
    '%j gets Secure over https even when Secure is left to the app, for it is void without',
    (line) => {
      expect(harden(line, { secure: false })).toContain('; Secure');
    },
  );

  test('all left to the app, nothing changes', () => {
    expect(harden('a=1', { secure: false, httpOnly: false, sameSite: 'keep' })).toBe('a=1');
  });

  test('lines stay apart, in order, and nothing else is touched', () => {
    const out = reply(['Set-Cookie', 'a=1', 'X-A', 'b', 'set-cookie', 'c=2; Secure']);
    cookies({ ...options, httpOnly: false }).response?.(exchange({ scheme: 'https' }), out);
    expect(out.headers.list).toEqual([
      ...['Set-Cookie', 'a=1; Secure; SameSite=Lax'],
      ...['X-A', 'b'],
      ...['set-cookie', 'c=2; Secure; SameSite=Lax'],
    ]);
  });
});
