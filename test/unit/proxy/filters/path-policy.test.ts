import { describe, expect, test } from 'vitest';
import { pathPolicy } from '../../../../proxy/filters/path-policy.ts';
import { exchange, refusal } from './edge-exchange.ts';

const filter = pathPolicy({ lists: [['/public/*', '/login'], []] });
const verdict = (target: string) => refusal(() => filter.request?.(exchange({ target })));

describe('path-policy', () => {
  test.each([
    '/',
    '/public/a?x=/../y',
    '/public/a%2Fb',
    '/%61dmin',
    '/admin%2Fusers',
    '/%2561dmin',
    '/./admin',
    '/admin/.',
    '/a/...',
    '/..a',
    '///admin',
    '//evil.test/admin',
    '/public//a',
    '/public/a;x=1',
    '/a;x=1/b',
    '/caf%C3%A9',
    '*',
  ])('%s passes', (target) => {
    expect(verdict(target)).toBeUndefined();
  });

  test.each([
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public\\..\\admin',
    '/public/..;/admin',
    '/a%00',
    '/a%',
  ])('%s is refused: it can be read two ways', (target) => {
    expect(verdict(target)).toBe('request_malformed');
  });

  test.each([
    '/public%2Fadmin',
    '/public\\admin',
    '//public/admin',
    '/public;/admin',
    '/login;x=1',
    '//login',
  ])('%s is refused: its readings lie on both sides of a listed path', (target) => {
    expect(verdict(target)).toBe('request_malformed');
    expect(refusal(() => pathPolicy({ lists: [] }).request?.(exchange({ target })))).toBeUndefined();
  });
});
