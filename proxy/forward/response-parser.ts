/** Reads HTTP/1.x responses off an upstream's socket, strictly: what two readers could read two ways is refused (RFC 9112). */
import { lowerName } from '../header-block.ts';
import { isFieldValue, isToken, trimOws } from '../syntax.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Flat pairs, as received. */
  readonly headers: string[];
  /** Declared body length in bytes; -1 chunked or until close; 0 when there is none. */
  readonly length: number;
  readonly chunked: boolean;
  /** Lower-cased names that `Connection` nominated, without the standard options. */
  readonly nominated: readonly string[] | undefined;
  /** Milliseconds of `Keep-Alive: timeout=`; -1 when absent. */
  readonly keepAliveHint: number;
}

/** What the parser tells its owner, in wire order. */
export interface ResponseEvents {
  onInterim(status: number, headers: string[]): void;
  onHead(head: ResponseHead): void;
  /** A view on the fed buffer: copy it to keep it. */
  onBody(chunk: Buffer): void;
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
    const bytes = had === 0 ? input : Buffer.concat([this.partial, input]);
    const end = bytes.indexOf(END_OF_HEAD, Math.max(0, had - 3));
    if (end < 0 || end > this.maxHeadSize) {
      if (bytes.length > this.maxHeadSize) return this.fault('response head too large');
      if (!plausible(bytes, had)) return this.fault('not an HTTP/1 response');
      this.partial = had === 0 ? Buffer.from(input) : bytes;
      return NOTHING;
    }
    this.partial = NOTHING;
    const head = parseHead(bytes.toString('latin1', 0, end));
    if (typeof head === 'string') return this.fault(head);
    return this.begin(head, bytes.subarray(end + 4));
  }

  private begin(head: ParsedHead, rest: Buffer): Buffer | undefined {
    const { status } = head;
    if (status < 200) return this.interim(head, rest);
    this.keepAlive = head.keepAlive;
    const bodiless = this.headOnly || status === 204 || status === 304;
    this.state =
      bodiless || head.length === 0 ? IDLE : head.chunked ? CHUNKED : head.length > 0 ? LENGTH : CLOSE;
    this.left = head.length;
    this.owner.onHead(head);
    if ((this.state as number) === DEAD) return undefined;
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

interface ParsedHead extends ResponseHead {
  readonly keepAlive: boolean;
}

/** Parses one whole head (without its last blank line); a string is the reason it is refused. */
function parseHead(text: string): ParsedHead | string {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([^\r\n\0]*))?$/.exec(line);
  if (match === null || !isFieldValue(match[3] ?? '')) return 'malformed status line';
  const framing = new Framing(match[1] === '1');
  const headers: string[] = [];
  let at = lineEnd < 0 ? text.length : lineEnd + 2;
  while (at < text.length) {
    let end = text.indexOf('\r\n', at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', at);
    if (colon <= at || colon >= end) return 'header line without a name';
    const name = text.slice(at, colon);
    const value = trimOws(text.slice(colon + 1, end));
    if (!isToken(name) || !isFieldValue(value)) return 'malformed header line';
    const refused = framing.see(lowerName(name), value, text.endsWith(value, end));
    if (refused !== undefined) return refused;
    headers.push(name, value);
    at = end + 2;
  }
  if (framing.chunked && (framing.length >= 0 || !framing.http11)) return 'ambiguous framing';
  return {
    status: Number(match[2]),
    reason: match[3] ?? '',
    headers,
    length: framing.length,
    chunked: framing.chunked,
    keepAlive: framing.keepAlive && !framing.closing,
    nominated: framing.nominated,
    keepAliveHint: framing.keepAliveHint,
  };
}

/** The fields that decide where a response ends and whether its connection lives on (RFC 9112 §6, §9.3). */
class Framing {
  length = -1;
  chunked = false;
  closing = false;
  keepAlive: boolean;
  keepAliveHint = -1;
  nominated: string[] | undefined;
  readonly http11: boolean;

  constructor(http11: boolean) {
    this.http11 = http11;
    this.keepAlive = http11;
  }

  /** `tight`: nothing stands between the value and the end of its line. */
  see(name: string, value: string, tight: boolean): string | undefined {
    switch (name) {
      case 'content-length':
        if (this.length >= 0 || !/^\d{1,15}$/.test(value)) return 'invalid Content-Length';
        this.length = Number(value);
        return undefined;
      case 'transfer-encoding':
        // Readers differ on a coding with blanks behind it.
        if (this.chunked || !tight || value.toLowerCase() !== 'chunked')
          return 'unsupported Transfer-Encoding';
        this.chunked = true;
        return undefined;
      case 'connection':
        this.options(value);
        return undefined;
      case 'keep-alive': {
        const hint = /(?:^|[\s,;])timeout=(\d{1,6})/i.exec(value);
        if (hint !== null) this.keepAliveHint = Number(hint[1]) * 1000;
        return undefined;
      }
      default:
        return undefined;
    }
  }

  private options(value: string): void {
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === 'close') this.closing = true;
      else if (option === 'keep-alive') this.keepAlive = true;
      else if (option !== '' && option !== 'upgrade') {
        this.nominated ??= [];
        this.nominated.push(option);
      }
    }
  }
}
