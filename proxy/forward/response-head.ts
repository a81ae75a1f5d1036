/** One response head as text, parsed strictly: its status line, its fields, and what they say of the framing (RFC 9112 §4–6). */
import { lowerName } from '../header-block.ts';
import { isFieldValue, isToken, sliceOws } from '../syntax.ts';

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

export interface ParsedHead extends ResponseHead {
  readonly keepAlive: boolean;
}

interface StatusLine {
  readonly http11: boolean;
  readonly status: number;
  readonly reason: string;
}

/** An app says the same few status lines and field names again and again: what is remembered was checked. */
const lines = new Map<string, StatusLine>();
const names = new Map<string, string>();
const REMEMBERED = 512;
const LONGEST = 64;

/** A copy of its own: a slice would pin the whole head it was cut from. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

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

/** The name in lower case; undefined when it is none. */
function fieldName(name: string): string | undefined {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (!isToken(name)) return undefined;
  const lower = lowerName(name);
  if (names.size < REMEMBERED && name.length <= LONGEST) names.set(flat(name), lower);
  return lower;
}

/** Parses one whole head (without its last blank line); a string is the reason it is refused. */
export function parseHead(text: string): ParsedHead | string {
  const lineEnd = text.indexOf('\r\n');
  const line = statusLine(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (line === undefined) return 'malformed status line';
  const framing = new Framing(line.http11);
  const headers: string[] = [];
  let at = lineEnd < 0 ? text.length : lineEnd + 2;
  while (at < text.length) {
    let end = text.indexOf('\r\n', at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', at);
    if (colon <= at || colon >= end) return 'header line without a name';
    const name = text.slice(at, colon);
    const value = sliceOws(text, colon + 1, end);
    const lower = fieldName(name);
    if (lower === undefined || !isFieldValue(value)) return 'malformed header line';
    const refused = framing.see(lower, value, text.endsWith(value, end));
    if (refused !== undefined) return refused;
    headers.push(name, value);
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
