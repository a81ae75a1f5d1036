/** The path every decision uses: what it equals, and what is refused because it can be read two ways. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { literalPath, normalisePath, pathMatcher } from '../../../proxy/path.ts';

const decided: readonly [target: string, path: string][] = [
  ['/', '/'],
  ['/a/b?x=/../y', '/a/b'],
  ['/a?', '/a'],
  ['*', '*'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a.b/..c/...', '/a.b/..c/...'],
  ['/..a', '/..a'],
  ['/%61dmin', '/admin'],
  ['/adm%69n/users', '/admin/users'],
  ['/admin%2Fusers', '/admin/users'],
  ['/admin%5cusers', '/admin/users'],
  ['/%2561dmin', '/%61dmin'],
  ['/public/a%2Fb', '/public/a/b'],
  ['/admin/.', '/admin/'],
  ['/./admin', '/admin'],
  ['/a/./b', '/a/b'],
  ['//', '/'],
  ['//evil.test/admin', '/evil.test/admin'],
  ['/\\evil.test/x', '/evil.test/x'],
  ['///admin', '/admin'],
  ['/a//b/', '/a/b/'],
  ['/login;jsessionid=1', '/login'],
  ['/a;x=1/b', '/a/b'],
  ['/a/;x', '/a/'],
  ['/caf%C3%A9', '/café'],
  ['/caf\xc3\xa9', '/café'],
  ['/caf%E9', '/caf\xe9'],
  ['/a%0a%7B', '/a\n{'],
  ['/x/https://a.test/', '/x/https:/a.test/'],
];

const refused = [
  '/public/../admin',
  '/..',
  '/../a',
  '/public/%2e%2e/admin',
  '/public/.%2e/admin',
  '/public/%2E./admin',
  '/public\\..\\admin',
  '/public/..\\admin',
  '/public%5c..%5cadmin',
  '/public/..%2fadmin',
  '/public%2f..%2fadmin',
  '/public/..;/admin',
  '/public/..;x=1/admin',
  '/public/..%3b/admin',
  '/public/%2e/admin',
  '/%2e/admin',
  '/.;/admin',
  '/.\\admin',
  '/a/.%2f',
  '/a%00',
  '/a%00/../b',
  '/a%',
  '/a%4',
  '/a%zz',
  '/a%u002e',
  '/%c0%ae%c0%ae/admin',
  '/a%c0%afb',
  '/a%e0%80%afb',
  '/a%f0%80%80%afb',
  '/a#b',
  '/a#/../b',
  '',
  'admin',
  'http://app.test/',
  '?x',
];

describe('normalisePath', () => {
  test.each(decided)('%j is decided as %j', (target, path) => {
    expect(normalisePath(target)).toEqual({ path, ambiguous: false });
  });

  test.each(refused)('%j can be read two ways', (target) => {
    expect(normalisePath(target).ambiguous).toBe(true);
  });

  test('a target without a query that needs no work is handed back as it is', () => {
    const target = '/api/v1/items/7';
    expect(normalisePath(target).path).toBe(target);
  });

  test('an accepted path has no dot segment, no empty segment and no path parameter left', () => {
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5C',
      '\\',
      ';',
      'a',
      '%61',
      '%25',
      '//',
      '?',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const { path, ambiguous } = normalisePath(`/${parts.join('')}`);
        if (ambiguous) return;
        const segments = path.split('/').slice(1);
        expect(segments.some((s) => s === '.' || s === '..' || s.includes(';') || s.includes('\\'))).toBe(
          false,
        );
        expect(segments.slice(0, -1)).not.toContain('');
      }),
      { numRuns: 3000 },
    );
  });

  test('any string at all is read without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (text) => {
        expect(typeof normalisePath(`/${text}`).path).toBe('string');
      }),
    );
  });
});

describe('literalPath', () => {
  test.each([
    ['/public/a%2Fb', '/public/a%2Fb'],
    ['/public%2fb', '/public%2Fb'],
    ['/%61dmin', '/admin'],
    ['//public/a?x', '//public/a'],
    ['/a;x=1/b', '/a;x=1/b'],
    ['/a\\b%5Cc', '/a\\b%5Cc'],
    ['/./a/.', '/a/'],
  ])('%j is read as %j when only a plain slash separates', (target, path) => {
    expect(literalPath(target)).toBe(path);
  });
});

describe('pathMatcher', () => {
  test('an exact entry takes that path alone', () => {
    const matches = pathMatcher(['/health']);
    expect(['/health', '/health/', '/healthz', '/'].map(matches)).toEqual([true, false, false, false]);
  });

  test('a prefix entry covers what lies below it, on segment borders', () => {
    const matches = pathMatcher(['/health', '/public/*']);
    expect(['/public/', '/public/a/b', '/public', '/publicity', '/health'].map(matches)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test('an empty list takes nothing, and /* takes every path', () => {
    expect(pathMatcher([])('/')).toBe(false);
    expect(pathMatcher(['/*'])('/a')).toBe(true);
  });
});
