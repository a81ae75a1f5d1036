/** Who the client is, decided once: address, scheme and host, from the socket or from what a trusted peer says (RFC 7239 §8.1). */
import ipaddr from 'ipaddr.js';
import { isAuthority } from './authority.ts';
import type { Client, Version } from './exchange.ts';
import type { HeaderBlock } from './header-block.ts';

/** Hops that are looked at: reading an address takes microseconds, and a field has room for thousands. */
const MAX_HOPS = 64;

export interface ClientOptions {
  readonly source: 'socket' | 'x-real-ip' | 'x-forwarded-for';
  /** CIDRs of peers that may speak for a client. */
  readonly trustedProxies: readonly string[];
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** The canonical text of an address (v4-mapped as v4, RFC 5952); undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const plain = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const zone = plain.indexOf('%');
  const bare = zone < 0 ? plain : plain.slice(0, zone);
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined;
  return ipaddr.process(bare).toString();
}

/** What is known of a connection before any request: kept per socket. */
export interface Peer {
  readonly address: string;
  readonly trusted: boolean;
  readonly secure: boolean;
  /** Who spoke last, and in which head: a connection that repeats itself has the same client. */
  last?: Spoken | undefined;
}

/** A head, and who sent it. */
interface Spoken {
  readonly headers: HeaderBlock;
  readonly authority: string;
  readonly version: Version;
  readonly client: Client;
}

export class ClientResolver {
  private readonly ranges: Range[];
  private readonly source: ClientOptions['source'];

  constructor(options: ClientOptions) {
    this.source = options.source;
    this.ranges = options.trustedProxies.map((cidr) =>
      cidr.includes('/') ? ipaddr.parseCIDR(cidr) : hostRange(cidr),
    );
  }

  peer(remoteAddress: string | undefined, secure: boolean): Peer {
    const address = canonicalAddress(remoteAddress ?? '') ?? '0.0.0.0';
    return { address, trusted: this.isTrusted(address), secure };
  }

  /** `authority` is the request's own, already validated or about to be refused. */
  resolve(peer: Peer, headers: HeaderBlock, authority: string): Client {
    const own = peer.secure ? 'https' : 'http';
    if (!peer.trusted) {
      return { address: peer.address, peer: peer.address, scheme: own, host: authority, trusted: false };
    }
    const stated = headers.get('x-forwarded-proto')?.toLowerCase();
    const host = headers.get('x-forwarded-host');
    return {
      address: this.stated(peer, headers) ?? peer.address,
      peer: peer.address,
      scheme: stated === 'https' || stated === 'http' ? stated : own,
      host: host !== undefined && isAuthority(host) ? host : authority,
      trusted: true,
    };
  }

  private stated(peer: Peer, headers: HeaderBlock): string | undefined {
    if (this.source === 'socket') return undefined;
    if (this.source === 'x-real-ip') {
      const values = headers.getAll('x-real-ip');
      return values.length === 1 ? canonicalAddress((values[0] as string).trim()) : undefined;
    }
    return this.rightMostUntrusted(peer, headers.getAll('x-forwarded-for'));
  }

  /** Walks from the nearest hop outwards and stops at the first one nobody vouches for, or after MAX_HOPS. */
  private rightMostUntrusted(peer: Peer, lines: string[]): string {
    if (lines.length === 0) return peer.address;
    const hops = lines.join(',').split(',');
    let client = peer.address;
    for (let i = hops.length - 1; i >= Math.max(0, hops.length - MAX_HOPS); i--) {
      const hop = canonicalAddress((hops[i] as string).trim());
      if (hop === undefined) return client;
      client = hop;
      if (!this.isTrusted(hop)) return hop;
    }
    return client;
  }

  private isTrusted(address: string): boolean {
    if (this.ranges.length === 0) return false;
    const parsed = ipaddr.process(address);
    return this.ranges.some(
      ([base, bits]) =>
        base.kind() === parsed.kind() && (parsed as ipaddr.IPv4).match(base as ipaddr.IPv4, bits),
    );
  }
}

function hostRange(text: string): Range {
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
