/** Refuses what is no valid message, or too long a one, before any filter decides on it (RFC 9110 §9.3, RFC 9112 §3, RFC 6455 §4.2.1). */
import type { Exchange, Filter } from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { View } from '../header-view.ts';
import { Problem } from '../problem.ts';

/** Sizes in bytes. */
export interface WellFormedOptions {
  readonly maxHeaderSize: number;
  readonly maxHeaders: number;
  readonly maxUrlLength: number;
}

/** What we never carry: a tunnel to anywhere, and an echo of the client's own secrets. */
const ALLOW = ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'];

export function wellFormed(options: WellFormedOptions): Filter {
  return {
    name: 'well-formed',
    request(x: Exchange): undefined {
      const { request } = x;
      const { headers } = request;
      if (request.target.length > options.maxUrlLength) throw new Problem('uri_too_long', { close: true });
      if (headers.list.length > options.maxHeaders * 2 || size.of(headers) > options.maxHeaderSize) {
        throw new Problem('headers_too_large', { close: true });
      }
      if (request.method === 'CONNECT' || request.method === 'TRACE') {
        throw new Problem('method_not_allowed', { headers: ALLOW, close: request.method === 'CONNECT' });
      }
      if (request.fault !== undefined) throw request.fault;
      if (request.kind === 'upgrade') checkHandshake(x);
    },
  };
}

/** Header bytes as they stand on an HTTP/1.1 wire. */
function sizeOf({ list }: HeaderBlock): number {
  let size = 0;
  for (let i = 0; i < list.length; i++) size += (list[i] as string).length + 2;
  return size;
}

const size = new View(sizeOf);

function checkHandshake(x: Exchange): void {
  const { headers } = x.request;
  const versions = headers.getAll('sec-websocket-version');
  const keys = headers.getAll('sec-websocket-key');
  if (versions.length === 1 && versions[0] === '13' && keys.length === 1 && isKey(keys[0] as string)) return;
  throw new Problem('request_malformed', {
    detail: 'The WebSocket handshake is not valid.',
    headers: ['Sec-WebSocket-Version', '13'],
    close: true,
  });
}

/** 16 bytes in base64. */
const isKey = (key: string): boolean => /^[A-Za-z0-9+/]{22}==$/.test(key);
