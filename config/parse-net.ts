/** Text to value for what names a place on a network or in a URL: hosts, URLs, CIDRs, paths. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { bad, good, type Parsed, quote } from './parse.ts';

/** An address or host name to listen on. */
export function parseHost(text: string): Parsed<string> {
  if (/^\[.*\]$/.test(text)) return bad(`${quote(text)} has brackets; write ${quote(text.slice(1, -1))}`);
  const name = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?$/i;
  // All digits and dots but no address (`127.0.0.256`) would be looked up as a name, and fail much later.
  if (isIP(text) !== 0 || (name.test(text) && !/^[\d.]+$/.test(text))) return good(text);
  return bad(`${quote(text)} is not an address or host name; use ::, 0.0.0.0 or 127.0.0.1`);
}

/** An absolute URL with one of `schemes`, a host, and (it could be printed) no user or password. */
export function parseUrl(text: string, schemes: readonly string[], originOnly = false): Parsed<URL> {
  const mend = `use ${schemes.map((scheme) => `${scheme}://…`).join(' or ')}`;
  // A URL that does not parse may still hold a password.
  const shown = text.includes('@') ? 'the value' : quote(text);
  const url = URL.parse(text);
  if (url === null || url.host === '') return bad(`${shown} is not an absolute URL; ${mend}`);
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    return bad(`the scheme ${quote(url.protocol.slice(0, -1))} is not supported; ${mend}`);
  }
  if (url.username !== '' || url.password !== '') {
    return bad('the URL holds a user or password; take it out of the URL');
  }
  const origin = `${url.protocol}//${url.host}`;
  if (originOnly && url.href !== origin && url.href !== `${origin}/`) {
    return bad(`the URL holds a path, query or fragment, which would be ignored; write ${quote(origin)}`);
  }
  return good(url);
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address → canonical `network/bits`; a v4-mapped block becomes v4. */
export function parseCidr(text: string): Parsed<string> {
  const wrong = bad(`${quote(text)} is not a network; use 10.0.0.0/8, 2001:db8::/32 or one address`);
  const match = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text);
  if (!match?.[1] || isIP(match[1]) === 0) return wrong;
  let address = ipaddr.parse(match[1]);
  const width = address.kind() === 'ipv4' ? 32 : 128;
  let bits = match[2] === undefined ? width : Number(match[2]);
  if (bits > width) return bad(`${quote(text)} has more than ${width} bits`);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96) {
    address = address.toIPv4Address();
    bits -= 96;
  }
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`);
  return good(`${network}/${bits}`);
}

/** One path of our own: begins with `/`, and is spelled as a normalised request path would be. */
export function parsePath(text: string): Parsed<string> {
  if (!text.startsWith('/')) return bad(`${quote(text)} is not a path; write ${quote(`/${text}`)}`);
  if (!/^[!$-.0-;=@-Z_a-z~%/]*$/.test(text) || text.includes('*')) {
    return bad(`${quote(text)} is not a plain path; leave out query, fragment, blanks and \`*\``);
  }
  if (/\/\/|\/\.{1,2}(\/|$)/.test(text)) {
    return bad(`${quote(text)} holds \`//\`, \`/./\` or \`/../\` and would never match; write it without`);
  }
  return good(text);
}

/** An exact path, or every path under a prefix, written with `/*` at the end. */
export function parsePathPattern(text: string): Parsed<string> {
  if (!text.endsWith('/*')) return text.includes('*') ? starred(text) : parsePath(text);
  const parsed = parsePath(text.slice(0, -1));
  if ('error' in parsed) return text.slice(0, -2).includes('*') ? starred(text) : parsed;
  return good(text);
}

const starred = (text: string): Parsed<string> =>
  bad(`${quote(text)} has a \`*\` elsewhere than in a closing \`/*\`; use /exact or /prefix/*`);
