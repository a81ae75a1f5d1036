import { describe, expect, it } from 'vitest';
import { clientKey } from '../../../proxy/client-key.ts';

describe('the key of an address', () => {
  it.each([
    '2001:db8:1:2::1',
    '2001:DB8:1:2:0:0:0:2',
    '2001:db8:1:2:ffff::3',
    '2001:0db8:0001:0002::',
    '2001:db8:1:2::1%eth0',
  ])('is the /64 of %s', (address) => {
    expect(clientKey(address)).toBe('2001:db8:1:2::/64');
  });

  it('is another one in the next /64', () => {
    expect(clientKey('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64');
    expect(clientKey('::1')).toBe('0:0:0:0::/64');
  });

  it.each([
    '203.0.113.7',
    '::ffff:203.0.113.7',
    '::FFFF:cb00:7107',
    '0:0:0:0:0:ffff:203.0.113.7',
    '64:ff9b::203.0.113.7',
  ])('is the IPv4 address in %s', (address) => {
    expect(clientKey(address)).toBe('203.0.113.7');
  });

  it('tells translated IPv4 clients apart, and others of that /64 from them', () => {
    expect(clientKey('64:ff9b::c633:6401')).toBe('198.51.100.1');
    expect(clientKey('64:ff9b:0:0:1::1')).toBe('64:ff9b:0:0::/64');
  });

  it.each(['', 'unknown', ':', 'fe80::zz'])('is %j itself, which is no address', (text) => {
    expect(clientKey(text)).toBe(text);
  });
});
