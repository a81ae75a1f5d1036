/** Node's request without the header object nobody reads: raw fields are enough, save where Node frames or expects by them. */
import type { IncomingHttpHeaders } from 'node:http';
import { http } from '../../core/node-http.ts';
import { lowerName } from '../header-block.ts';

/** What Node itself looks up: framing, expectations, upgrades; and TE, for HTTP/1.0. */
const READ_BY_NODE: Readonly<Record<number, readonly string[]>> = {
  2: ['te'],
  6: ['expect'],
  7: ['upgrade'],
  14: ['content-length'],
  17: ['transfer-encoding'],
};
const NONE: IncomingHttpHeaders = Object.freeze({});

export class LeanRequest extends http.IncomingMessage {
  lean: IncomingHttpHeaders | undefined = undefined;
}

const inherited = Object.getOwnPropertyDescriptor(http.IncomingMessage.prototype, 'headers');

// Where a Node builds the object some other way, its own property stays as it is.
if (inherited?.get !== undefined && inherited.set !== undefined) {
  Object.defineProperty(LeanRequest.prototype, 'headers', {
    get(this: LeanRequest): IncomingHttpHeaders {
      this.lean ??= readByNode(this.rawHeaders);
      return this.lean;
    },
    set: inherited.set,
  });
}

/** Repeats become a list, as Node has it; of Content-Length the parser takes one only. */
function readByNode(raw: readonly string[]): IncomingHttpHeaders {
  let fields = NONE;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const candidates = READ_BY_NODE[name.length];
    if (candidates === undefined) continue;
    const lower = lowerName(name);
    if (!candidates.includes(lower)) continue;
    if (fields === NONE) fields = {};
    const there = fields[lower];
    const value = raw[i + 1] as string;
    fields[lower] = there === undefined ? value : `${there}, ${value}`;
  }
  return fields;
}
