/** One normalised path for every decision, so that no filter and no app reads a target differently (RFC 3986 §6.2.2). */

export interface NormalisedPath {
  /**
   * Decoded once, `\` and encoded slashes as separators, path parameters cut, slashes merged, `.` resolved:
   * the reading that crosses most borders. Never forwarded.
   */
  readonly path: string;
  /** The target can be read two ways, or is no URI at all: answer 400. */
  readonly ambiguous: boolean;
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const SEMICOLON = 0x3b;
const PERCENT = 0x25;
const QUESTION = 0x3f;

/** Reads an origin-form target, or `*`. Any other form is ambiguous: the listener reduces it first. */
export function normalisePath(target: string): NormalisedPath {
  if (target.charCodeAt(0) !== SLASH) return { path: target, ambiguous: target !== '*' };
  const length = target.length;
  for (let i = 0; i < length; i++) {
    const code = target.charCodeAt(i);
    if (code === QUESTION) return { path: target.slice(0, i), ambiguous: false };
    if (!isOrdinary(code) || (code === SLASH && opensOddSegment(target, i + 1))) return readSlowly(target);
  }
  return { path: target, ambiguous: false };
}

/** The reading that crosses fewest borders: only `/` separates, `;` and `//` stand as they are. */
export function literalPath(target: string): string {
  let raw = cutQuery(target);
  if (raw.includes('/.')) raw = withoutPlainDots(raw);
  if (!raw.includes('%')) return asText(raw);
  raw = raw.replaceAll(/%2f/gi, '%252F').replaceAll(/%5c/gi, '%255C');
  return asText(decode(raw) ?? raw);
}

/**
 * Matches normalised paths against a list: an entry is exact, or a prefix ending in `/*` that covers what lies
 * below it (`/a/*` takes `/a/` and `/a/b`, not `/a` and not `/ab`).
 */
export function pathMatcher(list: readonly string[]): (path: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const entry of list) {
    if (entry.endsWith('/*')) prefixes.push(entry.slice(0, -1));
    else exact.add(entry);
  }
  if (prefixes.length === 0) return exact.size === 0 ? () => false : (path) => exact.has(path);
  return (path) => {
    if (exact.has(path)) return true;
    for (const prefix of prefixes) if (path.startsWith(prefix)) return true;
    return false;
  };
}

function isOrdinary(code: number): boolean {
  return (
    code > 0x20 &&
    code < 0x7f &&
    code !== PERCENT &&
    code !== BACKSLASH &&
    code !== SEMICOLON &&
    code !== 0x23 /* # */
  );
}

/** Does the segment that starts at `i` begin as `/`, `./` or `..`? */
function opensOddSegment(target: string, i: number): boolean {
  const first = target.charCodeAt(i);
  if (first === SLASH) return true;
  if (first !== DOT) return false;
  const second = target.charCodeAt(i + 1);
  return Number.isNaN(second) || second === SLASH || second === DOT || second === QUESTION;
}

function cutQuery(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

function readSlowly(target: string): NormalisedPath {
  const raw = cutQuery(target);
  const decoded = raw.includes('#') ? undefined : decode(raw);
  if (decoded === undefined) return { path: raw, ambiguous: true };
  const segments = (decoded.includes('\\') ? decoded.replaceAll('\\', '/') : decoded).split('/');
  let dots = 0;
  let path = '';
  let last = '';
  for (let i = 1; i < segments.length; i++) {
    last = cutParameters(segments[i] as string);
    if (last === '..') return { path: raw, ambiguous: true };
    if (last === '.') dots++;
    else if (last !== '') path += `/${last}`;
  }
  if (last === '' || last === '.') path += '/';
  // A `.` that only appears by decoding, by `\` or before a `;` is one to some readers and a name to others.
  return { path: asText(path), ambiguous: dots > 0 && dots !== plainDots(raw) };
}

const PLAIN_DOT = /\/\.(?=\/|$)/g;

const plainDots = (raw: string): number => raw.match(PLAIN_DOT)?.length ?? 0;

/** RFC 3986 §5.2.4, without the `..` that is never accepted. */
function withoutPlainDots(raw: string): string {
  const path = raw.replaceAll(PLAIN_DOT, '');
  return raw.endsWith('/.') ? `${path}/` : path;
}

function cutParameters(segment: string): string {
  const end = segment.indexOf(';');
  return end === -1 ? segment : segment.slice(0, end);
}

/** Percent-decodes once, byte for byte; undefined when it is no URI or its bytes are read differently by different decoders. */
function decode(text: string): string | undefined {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('%'); at !== -1; at = text.indexOf('%', from)) {
    const high = hex(text.charCodeAt(at + 1));
    const low = hex(text.charCodeAt(at + 2));
    if (high < 0 || low < 0) return undefined;
    out += text.slice(from, at) + (BYTES[high * 16 + low] as string);
    from = at + 3;
  }
  out = from === 0 ? text : out + text.slice(from);
  return UNREADABLE.test(out) ? undefined : out;
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/** NUL, and UTF-8 forms longer than needed, which lax decoders turn into `.` and `/` (RFC 3629 §10). */
const UNREADABLE = /\0|[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/;

function hex(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as UTF-8 where they are that, one char a byte where not. */
function asText(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
