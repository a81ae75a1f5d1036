/**
 * Node's request without what nobody needs: the header object (raw fields are enough, save where Node frames or
 * expects by them), and the queue, the events and the ticks of a stream for a body that is passed on as it comes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
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

/** Takes a body as it comes off the connection. */
export interface Taker {
  onData(chunk: Buffer): void;
  /** The message is complete, its trailers are there. */
  onEnd(): void;
}

export class LeanRequest extends http.IncomingMessage {
  lean: IncomingHttpHeaders | undefined = undefined;
  taker: Taker | undefined = undefined;
  private held = false;

  /** The taker gets the body in place of the stream's readers; false when some of it waits in the stream already. */
  giveTo(taker: Taker): boolean {
    if (this.readableLength > 0 || this.complete || this.destroyed) return false;
    this.taker = taker;
    this._read(0);
    return true;
  }

  /** No more of the body is read off the connection; what the parser has goes to the taker still. */
  hold(): void {
    if (this.held || this.complete) return;
    this.held = true;
    this.socket.pause();
  }

  /** Behind the last byte Node reads on by itself: the next request is on its way. */
  goOn(): void {
    this.held = false;
    if (!this.complete) this._read(0);
  }

  /** What Node calls with each piece of the body, and null behind the last; says whether to go on reading. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const { taker } = this;
    if (taker === undefined) return super.push(chunk, encoding);
    if (chunk === null) taker.onEnd();
    else taker.onData(chunk as Buffer);
    return !this.held;
  }
}

const ended = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded');

// Node lets go of a request that has ended. What a taker got never passes through the stream, which knows no end then.
Object.defineProperty(LeanRequest.prototype, 'readableEnded', {
  get(this: LeanRequest): boolean {
    return this.taker === undefined ? ended?.get?.call(this) === true : this.complete;
  },
});

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
