/** What every protocol's server side needs to turn a parsed request into an exchange and start it. */
import type { Core } from '../../core/core.ts';
import type { ClientResolver, Peer } from '../client.ts';
import { Exchange } from '../exchange.ts';
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
  const client = serving.clients.resolve(peer, head.headers, head.authority);
  return new Exchange(head, client, serving.core.clock.monotonic());
}
