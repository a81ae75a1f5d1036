import { describe, expect, it } from 'vitest';
import { Logins } from '../../../admin/logins.ts';
import { HandClock } from '../core/lines.ts';

const TOKEN = 'a-token-of-at-least-thirty-two-characters';

function begun(secure = false) {
  const clock = new HandClock();
  const logins = new Logins(TOKEN, clock);
  const set = logins.begin(secure);
  const cookie = set.slice(0, set.indexOf(';'));
  const request = (headers: Record<string, string> = {}) => ({ headers: { cookie, ...headers } });
  return { clock, logins, set, cookie, request };
}

describe('a login of the dashboard', () => {
  it('is a cookie for one hour, for this site alone, out of reach of scripts', () => {
    const { set } = begun();
    expect(set).toMatch(/^railguard_admin=\S+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    expect(begun(true).set).toMatch(/; Secure$/);
  });

  it('holds for an hour and no longer, whatever the browser keeps', () => {
    const { clock, logins, request } = begun();
    clock.turn(3_590_000);
    expect(logins.of(request())).toBeDefined();
    clock.turn(20_000);
    expect(logins.of(request())).toBeUndefined();
  });

  it('is known to every replica that has the token, and to none that has another', () => {
    const { clock, request } = begun();
    expect(new Logins(TOKEN, clock).of(request())).toBeDefined();
    expect(new Logins(`${TOKEN}!`, clock).of(request())).toBeUndefined();
  });

  it('does not hold when a character is changed, or a second cookie stands beside it', () => {
    const { logins, cookie } = begun();
    const start = 'railguard_admin='.length;
    for (let i = start; i < cookie.length; i++) {
      const changed = cookie.slice(0, i) + (cookie[i] === 'A' ? 'B' : 'A') + cookie.slice(i + 1);
      expect(logins.of({ headers: { cookie: changed } }), changed).toBeUndefined();
    }
    expect(logins.of({ headers: { cookie: `${cookie}; ${cookie}` } })).toBeUndefined();
    expect(logins.of({ headers: { cookie: `other=1; ${cookie}; more=2` } })).toBeDefined();
    expect(logins.of({ headers: {} })).toBeUndefined();
  });

  it('is over once it was ended', () => {
    const { logins, request } = begun();
    expect(logins.end(request())).toContain('Max-Age=0');
    expect(logins.of(request())).toBeUndefined();
  });

  it('proves a change only by its own second secret, from its own site', () => {
    const { logins, request } = begun();
    const csrf = logins.of(request())?.csrf as string;
    expect(logins.proven(request({ 'x-csrf-token': csrf }))).toBe(true);
    expect(logins.proven(request({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' }))).toBe(true);
    expect(logins.proven(request({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' }))).toBe(false);
    expect(logins.proven(request({ 'x-csrf-token': `${csrf}x` }))).toBe(false);
    expect(logins.proven(request())).toBe(false);
    const other = begun();
    expect(other.logins.proven(other.request({ 'x-csrf-token': csrf }))).toBe(false);
  });
});
