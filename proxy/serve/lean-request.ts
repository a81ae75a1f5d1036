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
  bare: boolean | undefined = undefined;
}

const inherited = Object.getOwnPropertyDescriptor(http.IncomingMessage.prototype, 'headers');

// Where a Node builds the object some other way, its own property stays as it is.
if (inherited?.get !== undefined && inherited.set !== undefined) {
  const { get, set } = inherited;
  Object.defineProperty(LeanRequest.prototype, 'headers', {
    get(this: LeanRequest): IncomingHttpHeaders {
      this.bare ??= isBare(this.rawHeaders);
      return this.bare ? NONE : (get.call(this) as IncomingHttpHeaders);
    },
    set,
  });
}

function isBare(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const candidates = READ_BY_NODE[name.length];
    if (candidates?.includes(lowerName(name)) === true) return false;
  }
  return true;
}
