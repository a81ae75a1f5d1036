import { describe, expect, test } from 'vitest';
import { type CorsOptions, cors } from '../../../../proxy/filters/cors.ts';
import { exchange, refusal, reply } from './edge-exchange.ts';

const options: CorsOptions = {
  origins: ['https://app.example.com', '*.example.org', '*.railway.app', '*.ported.test:8443'],
  allowCredentials: true,
  methods: ['GET', 'POST'],
  headers: ['Content-Type'],
  exposed: ['X-Request-ID'],
  maxAge: 600,
};
const filter = cors(options);
const good = 'https://app.example.com';

const answer = (origin: string | undefined, headers: readonly string[] = [], f = filter) => {
  const x = exchange(origin === undefined ? {} : { headers: ['Origin', origin] });
  const out = reply(headers);
  expect(f.request?.(x)).toBeUndefined();
  f.response?.(x, out);
  return out.headers;
};
const corsFields = (headers: { list: string[] }) =>
  headers.list.filter((_, i) => i % 2 === 0).filter((name) => /^access-control-/i.test(name));

describe('cors', () => {
  test.each([
    'https://app.example.com.evil.test',
    'https://evilapp.example.com',
    'https://appXexample.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://evil-example.org',
    'https://example.org',
    'http://a.example.org',
    'https://a.example.org:8443',
    'https://.example.org',
    'https://evil.test/.example.org',
    'https://a.ported.test',
    'https://stranger.up.railway.app',
    'null',
    '*',
    '',
    'https://app.example.com, https://evil.test',
    'https://APP.example.com%60.evil.test',
  ])('the look-alike %j gets no CORS field, passes, and the answer varies by Origin', (origin) => {
    const headers = answer(origin, [
      'Access-Control-Allow-Origin',
      '*',
      'access-control-allow-credentials',
      'true',
    ]);
    expect(corsFields(headers)).toEqual([]);
    expect(headers.get('vary')).toBe('Origin');
  });

  test.each([good, 'https://a.b.example.org', 'https://x.railway.app', 'https://a.ported.test:8443'])(
    '%s gets exactly its own origin, once',
    (origin) => {
      const headers = answer(origin, ['Access-Control-Allow-Origin', '*', 'Vary', 'Accept-Language']);
      expect(headers.getAll('access-control-allow-origin')).toEqual([origin]);
      expect(headers.getAll('access-control-allow-credentials')).toEqual(['true']);
      expect(headers.getAll('access-control-expose-headers')).toEqual(['X-Request-ID']);
      expect(headers.getAll('vary')).toEqual(['Accept-Language, Origin']);
    },
  );

  test('an answer to a request without Origin varies by it too', () => {
    expect(answer(undefined).get('vary')).toBe('Origin');
    expect(answer(undefined, ['Vary', '*']).getAll('vary')).toEqual(['*']);
  });

  test('a preflight is answered at the edge', () => {
    const x = exchange({
      method: 'OPTIONS',
      headers: ['Origin', good, 'Access-Control-Request-Method', 'POST'],
    });
    const out = filter.request?.(x);
    expect(out).toMatchObject({ status: 204, origin: 'railguard' });
    if (out === undefined || out instanceof Promise) throw new Error('no answer');
    filter.response?.(x, out);
    expect(out.headers.list).toEqual([
      ...['Access-Control-Allow-Origin', good],
      ...['Access-Control-Allow-Credentials', 'true'],
      ...['Access-Control-Allow-Methods', 'GET, POST'],
      ...['Access-Control-Allow-Headers', 'Content-Type'],
      ...['Access-Control-Max-Age', '600'],
      ...['Vary', 'Origin'],
    ]);
  });

  test('a preflight from a refused origin is answered without any grant', () => {
    const headers = ['Origin', 'https://evil.test', 'Access-Control-Request-Method', 'POST'];
    expect(filter.request?.(exchange({ method: 'OPTIONS', headers }))).toMatchObject({
      status: 204,
      headers: { list: ['Vary', 'Origin'] },
    });
  });

  test.each([[['Origin', good]], [['Access-Control-Request-Method', 'POST']], [[]]])(
    "an OPTIONS with %j only is the app's",
    (headers) => {
      expect(filter.request?.(exchange({ method: 'OPTIONS', headers }))).toBeUndefined();
    },
  );

  test('private network access is never granted', () => {
    const headers = [
      ...['Origin', good, 'Access-Control-Request-Method', 'GET'],
      ...['Access-Control-Request-Private-Network', 'true'],
    ];
    const out = filter.request?.(exchange({ method: 'OPTIONS', headers }));
    expect(JSON.stringify(out)).not.toMatch(/private-network/i);
  });

  test('a WebSocket from another origin is refused; from an allowed one, its own, or none it passes', () => {
    const verdict = (headers: readonly string[], more = {}, f = filter) =>
      refusal(() => f.request?.(exchange({ kind: 'upgrade', headers, authority: 'app.test:8080', ...more })));
    expect(verdict(['Origin', 'https://evil.test'])).toBe('forbidden');
    expect(verdict(['Origin', 'http://app.test'])).toBe('forbidden');
    expect(verdict(['Origin', 'null'])).toBe('forbidden');
    expect(verdict(['Origin', good])).toBeUndefined();
    expect(verdict(['Origin', 'http://app.test:8080'])).toBeUndefined();
    expect(
      verdict(['Origin', 'https://app.test'], { host: 'app.test:443', scheme: 'https' }),
    ).toBeUndefined();
    expect(verdict([])).toBeUndefined();
    expect(verdict(['Origin', 'https://evil.test'], {}, cors({ ...options, origins: [] }))).toBeUndefined();
  });

  test('any origin, without credentials, gets the star and no Vary', () => {
    const headers = answer(
      'https://who.test',
      [],
      cors({ ...options, origins: ['*'], allowCredentials: false }),
    );
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
    expect(headers.has('vary')).toBe(false);
  });

  test("with no origin listed the app's own CORS fields are still removed", () => {
    const headers = answer(
      'https://who.test',
      ['Access-Control-Allow-Origin', '*'],
      cors({ ...options, origins: [] }),
    );
    expect(headers.list).toEqual([]);
  });

  test('a refusal made inside gets the CORS fields, so that scripts can read it', () => {
    const x = exchange({ headers: ['Origin', good] });
    const out = reply([], 401, 'x', 'railguard');
    filter.response?.(x, out);
    expect(out.headers.get('access-control-allow-origin')).toBe(good);
  });
});
