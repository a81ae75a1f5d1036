/** What the edge's variables accept, and what they say when they do not: hosts, CORS, headers, cookies. */
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { load } from '../../../config/load.ts';

const read = (env: Record<string, string>) => {
  const loaded = load(env, { cwd: tmpdir() });
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
};
const errors = (env: Record<string, string>): string[] => {
  const loaded = load(env, { cwd: tmpdir() });
  return 'errors' in loaded ? loaded.errors : [];
};

describe('TRUSTED_HOSTS', () => {
  test('names are lower-cased, wildcards and addresses accepted', () => {
    const { hosts } = read({
      TRUSTED_HOSTS: 'App.Example.org, *.railway.internal, 192.0.2.1, ::1, [::2], a.test.',
    });
    expect(hosts.trusted).toEqual([
      'app.example.org',
      '*.railway.internal',
      '192.0.2.1',
      '[::1]',
      '[::2]',
      'a.test',
    ]);
    expect(read({}).hosts.trusted).toEqual([]);
  });

  test.each([
    ['https://a.test', /leave out the scheme/],
    ['a.test:80', /has a port/],
    ['*', /leave the variable empty/],
    ['a b', /is not a host/],
    ['a.*.test', /is not a host/],
  ])('%j is refused with the mend', (value, mend) => {
    expect(errors({ TRUSTED_HOSTS: value })).toEqual([expect.stringMatching(mend)]);
  });
});

describe('CORS_ORIGINS', () => {
  test('origins are read into the form browsers send', () => {
    const { cors } = read({
      CORS_ORIGINS:
        'HTTPS://App.Example.org:443, http://localhost:3000, *.example.org, https://*.a.test:8443, capacitor://localhost',
    });
    expect(cors.origins).toEqual([
      'https://app.example.org',
      'http://localhost:3000',
      '*.example.org',
      '*.a.test:8443',
      'capacitor://localhost',
    ]);
  });

  test.each([
    ['*.up.railway.app', /anybody can register/],
    ['*.co.uk', /anybody can register/],
    ['*.com', /anybody can register/],
    ['*.github.io', /anybody can register/],
    ['http://*.example.org', /takes https alone/],
    ['https://app.*.org', /takes https alone/],
    ['app.example.org', /is not an origin/],
    ['https://app.example.org/', /without a path/],
    ['https://u:p@app.example.org', /is not an origin/],
  ])('%j is refused with the mend', (value, mend) => {
    expect(errors({ CORS_ORIGINS: value })).toEqual([expect.stringMatching(mend)]);
  });

  test.each([
    [{ CORS_ORIGINS: '*' }, /any site act as the user/],
    [{ CORS_ORIGINS: 'https://a.test,null' }, /sandboxed page/],
    [{ CORS_ORIGINS: '*,https://a.test', CORS_ALLOW_CREDENTIALS: 'false' }, /write it alone/],
    [{ CORS_ORIGINS: 'https://a.test', CORS_ALLOWED_HEADERS: '*' }, /CORS_ALLOWED_HEADERS has `\*`/],
  ])('%j is refused at start', (env, mend) => {
    expect(errors(env)).toEqual([expect.stringMatching(mend)]);
  });

  test('any origin without credentials is accepted', () => {
    const { cors } = read({ CORS_ORIGINS: '*', CORS_ALLOW_CREDENTIALS: 'false', CORS_ALLOWED_HEADERS: '*' });
    expect(cors.origins).toEqual(['*']);
  });

  test('an unsafe combination does not stop the start when CORS is left to the app', () => {
    expect(errors({ ENABLE_CORS: 'false', CORS_ORIGINS: '*' })).toEqual([]);
  });
});

describe('headers and cookies', () => {
  test('the defaults are the documented ones', () => {
    const { headers, logs } = read({});
    expect(headers).toMatchObject({
      enabled: true,
      mode: 'override',
      csp: undefined,
      cspReportPath: '/csp-report',
      hstsMaxAge: 63_072_000_000,
      cookieSecure: 'true',
      cookieHttpOnly: 'keep',
      cookieSameSite: 'lax',
    });
    expect(logs.sanitizeErrors).toBe(false);
    expect(read({ ENVIRONMENT: 'production' }).logs.sanitizeErrors).toBe(true);
  });

  test('reports can be switched off', () => {
    expect(read({ CSP_REPORT_PATH: 'off' }).headers.cspReportPath).toBeUndefined();
  });

  test.each([
    ['CSP_SCRIPT_SRC', 'self https://cdn.test', /write `'self'`/],
    ['CSP_SCRIPT_SRC', "'self'; object-src *", /separate them by blanks/],
    ['CSP', "default-src 'self', script-src *", /is not one policy/],
    ['CSP', "default-src none; img-src 'self'", /write `'none'`/],
    ['REFERRER_POLICY', 'sometimes', /no referrer policy/],
    ['PERMISSIONS_POLICY', 'camera=()\r\nX: y', /one line/],
    ['COOKIE_SAMESITE', 'none', /none of its values/],
  ])('%s=%j is refused with the mend', (name, value, mend) => {
    expect(errors({ [name]: value })).toEqual([expect.stringMatching(mend)]);
  });
});
