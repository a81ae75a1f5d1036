/** What every protocol's server side needs to turn a parsed request into an exchange and start it. */
import type { Core } from '../../core/core.ts';
import type { ClientResolver, Peer } from '../client.ts';
import { type Client, Exchange, type RequestHead } from '../exchange.ts';
import type { Walk } from '../walk.ts';
import { type RawRequest, requestHead } from './request-head.ts';
import type { Tunnels } from './tunnel.ts';

/** Times in milliseconds, sizes in bytes. */
export interface ServeOptions {
  readonly maxHeaderSize: number;
  readonly maxHeaders: number;
  readonly maxUrlLength: number;
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  readonly writeTimeout: number;
  readonly keepaliveTimeout: number;
  readonly maxConnections: number;
  readonly maxHttp2Streams: number;
}

export interface Serving {
  readonly options: ServeOptions;
  readonly core: Core;
  readonly walk: Walk;
  readonly clients: ClientResolver;
  readonly tunnels: Tunnels;
}

export function openExchange(serving: Serving, peer: Peer, raw: RawRequest): Exchange {
  const head = requestHead(raw);
  return new Exchange(head, clientOf(serving, peer, head), serving.core.clock.monotonic());
}

function clientOf({ clients }: Serving, peer: Peer, { version, headers, authority }: RequestHead): Client {
  const { last } = peer;
  if (last?.headers === headers && last.authority === authority && last.version === version)
    return last.client;
  const client = clients.resolve(peer, headers, authority);
  // HTTP/2 makes a block of every head, even of one that repeats.
  if (version !== '2') peer.last = { headers, authority, version, client };
  return client;
}
