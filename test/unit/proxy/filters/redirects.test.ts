import { describe, expect, test } from 'vitest';
import { redirects } from '../../../../proxy/filters/redirects.ts';
import { exchange, reply } from './edge-exchange.ts';

const run = (
  name: string,
  value: string,
  client: { scheme?: 'http' | 'https'; host?: string } = {},
  upstream = 'http://127.0.0.1:8000',
) => {
  const out = reply([name, value], 307);
  redirects({ upstream }).response?.(exchange({ scheme: 'https', host: 'app.test', ...client }), out);
  return out.headers.get(name.toLowerCase());
};

describe('redirects', () => {
  test.each([
    ['http://127.0.0.1:8000/health', 'https://app.test/health'],
    ['http://localhost:8000/a?b#c', 'https://app.test/a?b#c'],
    ['HTTP://LOCALHOST:8000', 'https://app.test'],
    ['//127.0.0.1:8000/a', 'https://app.test/a'],
    ['http://app.test/health', 'https://app.test/health'],
    ['http://APP.test/health', 'https://app.test/health'],
    ['/health', '/health'],
    [
      'https://elsewhere.test/?next=http://127.0.0.1:8000/',
      'https://elsewhere.test/?next=http://127.0.0.1:8000/',
    ],
    ['http://127.0.0.1:8001/', 'http://127.0.0.1:8001/'],
    ['http://127.0.0.1:8000.evil.test/', 'http://127.0.0.1:8000.evil.test/'],
    ['http://127.0.0.1:8000@evil.test/', 'http://127.0.0.1:8000@evil.test/'],
    ['http://app.test.evil.test/', 'http://app.test.evil.test/'],
    ['http://app.test:81/', 'http://app.test:81/'],
  ])('Location %s becomes %s', (value, expected) => {
    expect(run('Location', value)).toBe(expected);
  });

  test('a client on plain http is not sent to https', () => {
    expect(run('Location', 'http://app.test/a', { scheme: 'http' })).toBe('http://app.test/a');
    expect(run('location', 'http://127.0.0.1:8000/a', { scheme: 'http', host: 'app.test:8080' })).toBe(
      'http://app.test:8080/a',
    );
  });

  test('Content-Location and Refresh are rewritten as well', () => {
    expect(run('Content-Location', 'http://127.0.0.1:8000/a')).toBe('https://app.test/a');
    expect(run('Refresh', '0; url=http://127.0.0.1:8000/a')).toBe('0; url=https://app.test/a');
    expect(run('refresh', "5;URL='http://app.test/a'")).toBe("5;URL='https://app.test/a'");
    expect(run('Refresh', '30')).toBe('30');
  });

  test('an upstream on the usual port is known with and without it', () => {
    expect(run('Location', 'https://app.internal/a', {}, 'https://app.internal')).toBe('https://app.test/a');
    expect(run('Location', 'https://app.internal:443/a', {}, 'https://app.internal')).toBe(
      'https://app.test/a',
    );
  });

  test('a client that named no host gets a path', () => {
    expect(run('Location', 'http://127.0.0.1:8000?a', { host: '' })).toBe('/?a');
  });

  test('fields of the same length pass', () => {
    expect(run('X-Ways-1', 'http://127.0.0.1:8000/')).toBe('http://127.0.0.1:8000/');
  });
});
