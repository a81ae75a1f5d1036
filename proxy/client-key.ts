/** Which client an address counts as: an IPv6 subscriber owns at least a /64, an embedded IPv4 address is that address. */
import ipaddr from 'ipaddr.js';

/** Well-known prefix of translated IPv4 (RFC 6052 §2.1): without it all of IPv4 would be one client. */
const TRANSLATED = ipaddr.IPv6.parse('64:ff9b::').parts.slice(0, 6).join();
const MAPPED = ipaddr.IPv6.parse('::ffff:0:0').parts.slice(0, 6).join();

/** Parsing costs microseconds, and the same clients come again and again. */
const known = new Map<string, string>();
const MAX_KNOWN = 4096;

/** `203.0.113.7` as it is, `2001:db8:1:2::1` as `2001:db8:1:2::/64`. What is no address stays what it is. */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address;
  let key = known.get(address);
  if (key === undefined) {
    key = keyOfIPv6(address);
    if (known.size >= MAX_KNOWN) known.clear();
    if (address.length < 64) known.set(address, key);
  }
  return key;
}

function keyOfIPv6(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const { parts } = ipaddr.IPv6.parse(address);
  const network = parts.slice(0, 6).join();
  if (network === MAPPED || network === TRANSLATED) return dotted(parts[6] ?? 0, parts[7] ?? 0);
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  return `${a.toString(16)}:${b.toString(16)}:${c.toString(16)}:${d.toString(16)}::/64`;
}

const dotted = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
