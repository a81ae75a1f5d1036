import { describe, expect, test } from 'vitest';
import { trustedHost } from '../../../../proxy/filters/trusted-host.ts';
import { exchange, refusal } from './edge-exchange.ts';

const filter = trustedHost({ hosts: ['app.test', '*.example.org', '[::1]', '192.0.2.7'] });
const verdict = (authority: string, host = authority) =>
  refusal(() => filter.request?.(exchange({ authority, host })));

describe('trusted-host', () => {
  test.each([
    'app.test',
    'APP.test:8080',
    'app.test.',
    'a.b.example.org',
    'a.example.org:1',
    '[::1]:8080',
    '192.0.2.7',
  ])('%s is served', (authority) => {
    expect(verdict(authority)).toBeUndefined();
  });

  test.each([
    'evil.test',
    'app.test.evil.test',
    'xapp.test',
    'example.org',
    'evil-example.org',
    '.example.org',
    '[::2]',
    '192.0.2.70',
    '',
  ])('%j is refused as misdirected', (authority) => {
    expect(verdict(authority)).toBe('host_untrusted');
  });

  test('a trusted proxy that names a host of its own must name a served one too', () => {
    expect(verdict('app.test', 'evil.test')).toBe('host_untrusted');
    expect(verdict('app.test', 'a.example.org')).toBeUndefined();
  });

  test('an empty list serves any host', () => {
    expect(trustedHost({ hosts: [] }).request?.(exchange({ authority: 'any.test' }))).toBeUndefined();
  });

  test('an upgrade is judged as a request is', () => {
    expect(refusal(() => filter.request?.(exchange({ authority: 'evil.test', kind: 'upgrade' })))).toBe(
      'host_untrusted',
    );
  });
});
