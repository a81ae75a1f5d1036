/** One response head as text, parsed strictly: its status line, its fields, and what they say of the framing (RFC 9112 §4–6). */
import { type FixedFields, flat, lowerName } from '../header-block.ts';
import { isFieldValue, isToken, sliceOws } from '../syntax.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Flat pairs, as received. One head may be told of several responses: who changes it changes a copy. */
  readonly headers: readonly string[];
  /** Declared body length in bytes; -1 chunked or until close; 0 when there is none. */
  readonly length: number;
  readonly chunked: boolean;
  /** Lower-cased names that `Connection` nominated, without the standard options. */
  readonly nominated: readonly string[] | undefined;
  /** Milliseconds of `Keep-Alive: timeout=`; -1 when absent. */
  readonly keepAliveHint: number;
  /** What of it a client may have; kept here by who works it out. */
  passable: readonly string[] | undefined;
  /** The same, made ready for the many responses that repeat this head. */
  ready: FixedFields | undefined;
}

export interface ParsedHead extends ResponseHead {
  readonly keepAlive: boolean;
}

interface StatusLine {
  readonly http11: boolean;
  readonly status: number;
  readonly reason: string;
}

/** A field name as it was received. */
interface Field {
  readonly name: string;
  /** The name and its colon. */
  readonly opening: string;
  readonly role: Role;
}

type Role = 'length' | 'coding' | 'connection' | 'keep-alive' | undefined;

const ROLES: Readonly<Record<string, Role>> = {
  'content-length': 'length',
  'transfer-encoding': 'coding',
  connection: 'connection',
  'keep-alive': 'keep-alive',
};

/** An app says the same few status lines and field names again and again: what is remembered was checked. */
const lines = new Map<string, StatusLine>();
const fields = new Map<string, Field>();
const REMEMBERED = 512;
const LONGEST = 64;
/** Fields of a head that are guessed. */
const MOST_GUESSES = 64;

/** Undefined when it is malformed. */
function statusLine(line: string): StatusLine | undefined {
  const known = lines.get(line);
  if (known !== undefined) return known;
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([^\r\n\0]*))?$/.exec(line);
  if (match === null || !isFieldValue(match[3] ?? '')) return undefined;
  const parsed = { http11: match[1] === '1', status: Number(match[2]), reason: flat(match[3] ?? '') };
  if (lines.size < REMEMBERED && line.length <= LONGEST) lines.set(flat(line), parsed);
  return parsed;
}

/** Undefined when the name is none. */
function fieldOf(name: string): Field | undefined {
  const known = fields.get(name);
  if (known !== undefined) return known;
  if (!isToken(name)) return undefined;
  const own = flat(name);
  const field = { name: own, opening: flat(`${own}:`), role: ROLES[lowerName(own)] };
  if (fields.size < REMEMBERED && name.length <= LONGEST) fields.set(own, field);
  return field;
}

const NOTHING: ParsedHead = {
  status: 0,
  reason: '',
  headers: [],
  length: -1,
  chunked: false,
  keepAlive: false,
  nominated: undefined,
  keepAliveHint: -1,
  passable: undefined,
  ready: undefined,
};

/** Reads the heads of one connection. The last one is a guess at the next: what it does not match is read as ever. */
export class HeadReader {
  /** As it stands on the wire, to the end of the empty line. */
  private text = '';
  private head = NOTHING;
  private readonly guesses: Field[] = [];

  /** The last head, when the text opens with it, whole. */
  repeated(text: string): ParsedHead | undefined {
    return this.text !== '' && text.startsWith(this.text) ? this.head : undefined;
  }

  /** Bytes of the last head, with the empty line that ends it. */
  get size(): number {
    return this.text.length;
  }

  /** One whole head, up to its last field's line end; a string is the reason it is refused. */
  read(text: string): ParsedHead | string {
    const head = this.parse(text);
    if (typeof head === 'string') return head;
    this.text = `${text}\r\n`;
    this.head = head;
    return head;
  }

  private parse(text: string): ParsedHead | string {
    const lineEnd = text.indexOf('\r\n');
    const line = statusLine(text.slice(0, lineEnd));
    if (line === undefined) return 'malformed status line';
    const framing = new Framing(line.http11);
    const headers: string[] = [];
    let at = lineEnd + 2;
    while (at < text.length) {
      const field = this.fieldAt(text, at, headers.length >> 1);
      if (typeof field === 'string') return field;
      const end = text.indexOf('\r\n', at);
      const value = sliceOws(text, at + field.opening.length, end);
      if (!isFieldValue(value)) return 'malformed header line';
      if (field.role !== undefined) {
        const refused = framing.see(field.role, value, text.startsWith(value, end - value.length));
        if (refused !== undefined) return refused;
      }
      headers.push(field.name, value);
      at = end + 2;
    }
    if (framing.chunked && (framing.length >= 0 || !framing.http11)) return 'ambiguous framing';
    return {
      status: line.status,
      reason: line.reason,
      headers,
      length: framing.length,
      chunked: framing.chunked,
      keepAlive: framing.keepAlive && !framing.closing,
      nominated: framing.nominated,
      keepAliveHint: framing.keepAliveHint,
      passable: undefined,
      ready: undefined,
    };
  }

  /** The field whose line begins at `at`; a string is the reason there is none. */
  private fieldAt(text: string, at: number, place: number): Field | string {
    const guess = this.guesses[place];
    if (guess !== undefined && text.startsWith(guess.opening, at)) return guess;
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon <= at || colon >= end) return 'header line without a name';
    const field = fieldOf(text.slice(at, colon));
    if (field === undefined) return 'malformed header line';
    if (place < MOST_GUESSES) this.guesses[place] = field;
    return field;
  }
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
  see(role: NonNullable<Role>, value: string, tight: boolean): string | undefined {
    switch (role) {
      case 'length':
        if (this.length >= 0 || !/^\d{1,15}$/.test(value)) return 'invalid Content-Length';
        this.length = Number(value);
        return undefined;
      case 'coding':
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
    }
  }

  private options(value: string): void {
    if (value === 'keep-alive') {
      this.keepAlive = true;
      return;
    }
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
