/** Reads HTTP/1.x responses off an upstream's socket, strictly: what two readers could read two ways is refused (RFC 9112). */
import { ChunkedDecoder } from './chunked-decoder.ts';
import { HeadReader, type ParsedHead, type ResponseHead } from './response-head.ts';

/** What the parser tells its owner, in wire order. */
export interface ResponseEvents {
  onInterim(status: number, headers: readonly string[]): void;
  onHead(head: ResponseHead): void;
  /** A view on the fed buffer: copy it to keep it. */
  onBody(chunk: Buffer): void;
  /** Instead of `onBody`: a body that came with its head in one small piece; each char is one byte. */
  onWholeBody(latin1: string): void;
  onMessageEnd(trailers: string[] | undefined, reusable: boolean): void;
  /** After a 101 that was asked for: bytes that followed its head. */
  onSwitch(head: ResponseHead, rest: Buffer): void;
  onFault(reason: string): void;
}

const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;
const CLOSE = 3;
const IDLE = 4;
const DEAD = 5;

const MAX_INTERIM = 1000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
/** Bytes of head and body that are read as one text. */
const AT_ONCE = 16 * 1024;

export class ResponseParser {
  private readonly owner: ResponseEvents;
  private readonly maxHeadSize: number;
  private state = IDLE;
  private partial: Buffer = NOTHING;
  private left = 0;
  private keepAlive = false;
  private headOnly = false;
  private upgrading = false;
  private interims = 0;
  private readonly heads = new HeadReader();
  private readonly chunks: ChunkedDecoder;

  constructor(owner: ResponseEvents, maxHeadSize: number) {
    this.owner = owner;
    this.maxHeadSize = maxHeadSize;
    this.chunks = new ChunkedDecoder((chunk) => owner.onBody(chunk), maxHeadSize);
  }

  /** A request is about to be written; its response may come from now on. */
  expect(method: string, upgrading: boolean): void {
    this.state = HEAD;
    this.headOnly = method === 'HEAD';
    this.upgrading = upgrading;
    this.interims = 0;
  }

  /** Bytes of the awaited response have arrived, be they part of an interim one. */
  get begun(): boolean {
    return this.state !== HEAD || this.partial.length > 0 || this.interims > 0;
  }

  /** Takes the next bytes. False: the connection is spent and nothing more may be fed. */
  feed(chunk: Buffer): boolean {
    let rest = chunk;
    while (rest.length > 0) {
      const next = this.step(rest);
      if (next === undefined) return false;
      rest = next;
    }
    return this.state !== DEAD;
  }

  /** The upstream closed its side. */
  finish(): void {
    if (this.state === CLOSE) {
      this.state = DEAD;
      this.owner.onMessageEnd(undefined, false);
    } else if (this.state === HEAD && this.partial.length === 0) {
      // Not a broken response but none: the connection was lost, and the call may be repeatable.
      this.state = DEAD;
    } else if (this.state !== IDLE && this.state !== DEAD) {
      this.fault('closed before the response was complete');
    }
  }

  private step(rest: Buffer): Buffer | undefined {
    switch (this.state) {
      case HEAD:
        return this.readHead(rest);
      case LENGTH: {
        const take = Math.min(rest.length, this.left);
        this.left -= take;
        this.owner.onBody(rest.length === take ? rest : rest.subarray(0, take));
        return this.left === 0 ? this.complete(undefined, rest.subarray(take)) : NOTHING;
      }
      case CHUNKED: {
        const used = this.chunks.feed(rest);
        if (used < 0) return this.fault(this.chunks.reason);
        return this.chunks.done ? this.complete(this.chunks.trailers, rest.subarray(used)) : NOTHING;
      }
      case CLOSE:
        this.owner.onBody(rest);
        return NOTHING;
      default:
        return this.fault('sent bytes nobody asked for');
    }
  }

  private readHead(input: Buffer): Buffer | undefined {
    const had = this.partial.length;
    const text = had === 0 && input.length <= AT_ONCE ? input.toString('latin1') : undefined;
    const repeated = text === undefined ? undefined : this.heads.repeated(text);
    if (repeated !== undefined) return this.begin(repeated, input, this.heads.size, text);
    const bytes = had === 0 ? input : Buffer.concat([this.partial, input]);
    const end = bytes.indexOf(END_OF_HEAD, Math.max(0, had - 3));
    if (end < 0 || end > this.maxHeadSize) {
      if (bytes.length > this.maxHeadSize) return this.fault('response head too large');
      if (!plausible(bytes, had)) return this.fault('not an HTTP/1 response');
      this.partial = had === 0 ? Buffer.from(input) : bytes;
      return NOTHING;
    }
    this.partial = NOTHING;
    const head = this.heads.read(bytes.toString('latin1', 0, end + 2));
    if (typeof head === 'string') return this.fault(head);
    return this.begin(head, bytes, end + 4, text);
  }

  /** A head, the bytes it was read from, and where they go on; `text` is all of them, where they came at once. */
  private begin(head: ParsedHead, bytes: Buffer, at: number, text: string | undefined): Buffer | undefined {
    const { status } = head;
    if (status < 200) return this.interim(head, bytes.subarray(at));
    this.keepAlive = head.keepAlive;
    const bodiless = this.headOnly || status === 204 || status === 304;
    this.state =
      bodiless || head.length === 0 ? IDLE : head.chunked ? CHUNKED : head.length > 0 ? LENGTH : CLOSE;
    this.left = head.length;
    this.owner.onHead(head);
    if ((this.state as number) === DEAD) return undefined;
    if (this.state === LENGTH && text !== undefined && text.length - at === this.left) {
      this.owner.onWholeBody(text.slice(at));
      return this.complete(undefined, NOTHING);
    }
    const rest = bytes.subarray(at);
    if (this.state === IDLE) return this.complete(undefined, rest);
    if (this.state === CHUNKED) this.chunks.reset();
    else if (this.state === CLOSE) this.keepAlive = false;
    return rest;
  }

  private interim(head: ParsedHead, rest: Buffer): Buffer | undefined {
    if (head.chunked || head.length > 0) return this.fault('informational response with a body');
    if (!head.keepAlive) return this.fault('informational response that closes');
    if (head.status === 101) {
      if (!this.upgrading) return this.fault('switched protocols unasked');
      this.state = DEAD;
      this.owner.onSwitch(head, rest);
      return undefined;
    }
    if (++this.interims > MAX_INTERIM) return this.fault('too many informational responses');
    this.owner.onInterim(head.status, head.headers);
    return this.state === HEAD ? rest : undefined;
  }

  private complete(trailers: string[] | undefined, surplus: Buffer): Buffer | undefined {
    const clean = surplus.length === 0;
    this.state = clean && this.keepAlive ? IDLE : DEAD;
    this.owner.onMessageEnd(trailers, clean && this.keepAlive);
    return clean && this.keepAlive ? NOTHING : undefined;
  }

  private fault(reason: string): undefined {
    this.state = DEAD;
    this.partial = NOTHING;
    this.owner.onFault(reason);
    return undefined;
  }
}

/** Could these bytes still become a response head? Bad ones are refused at once, not at a timeout. */
function plausible(bytes: Buffer, checked: number): boolean {
  const start = bytes.toString('latin1', 0, Math.min(bytes.length, 8));
  if (!'HTTP/1.1'.startsWith(start) && !'HTTP/1.0'.startsWith(start)) return false;
  for (let i = bytes.indexOf(10, checked); i >= 0; i = bytes.indexOf(10, i + 1)) {
    if (i === 0 || bytes[i - 1] !== 13) return false;
  }
  return true;
}
