/** The host[:port] of a request, as RFC 3986 §3.2.2 spells it, without userinfo: Host, :authority, absolute-form. */
import ipaddr from 'ipaddr.js';
import { flat } from './header-block.ts';

const remembered = new Set<string>();

/** True for a valid, non-empty host with an optional port below 65536. */
export function isAuthority(text: string): boolean {
  if (remembered.has(text)) return true;
  if (!parses(text)) return false;
  if (remembered.size < 1024) remembered.add(flat(text));
  return true;
}

function parses(text: string): boolean {
  if (text.length === 0 || text.length > 320) return false;
  const literal = /^\[([0-9A-Fa-f:.]+)\](?::(\d{0,5}))?$/.exec(text);
  if (literal !== null) return ipaddr.IPv6.isValid(literal[1] as string) && validPort(literal[2]);
  // reg-name without percent-encoding: no DNS host needs one, and it can be read two ways.
  const name = /^([A-Za-z0-9._~-]+)(?::(\d{0,5}))?$/.exec(text);
  return (
    name !== null &&
    (name[1] as string).length <= 253 &&
    /[A-Za-z0-9]/.test(name[1] as string) &&
    validPort(name[2])
  );
}

const validPort = (port: string | undefined): boolean => port === undefined || Number(port) < 65_536;

/** Lower-cased host without its port; brackets of an IPv6 literal stay. */
export function hostname(authority: string): string {
  const colon = authority.startsWith('[') ? authority.indexOf(']:') + 1 : authority.indexOf(':');
  return (colon > 0 ? authority.slice(0, colon) : authority).toLowerCase();
}
