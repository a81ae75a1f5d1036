/** A strict HTTP/1.1 reader for both ends of the rig: it must never repair what railguard wrote. */

export type Fields = [name: string, value: string][];

export interface Head {
  readonly line: string;
  readonly fields: Fields;
  /** Bytes up to and including the empty line. */
  readonly length: number;
}

export interface Body {
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  readonly bytes: Buffer;
  readonly trailers: Fields;
  readonly complete: boolean;
  /** Bytes used. */
  readonly length: number;
}

/** Reads a head at `at`; undefined while it is unfinished. Throws on what RFC 9112 forbids a sender. */
export function readHead(buffer: Buffer, at: number): Head | undefined {
  const end = buffer.indexOf('\r\n\r\n', at, 'latin1');
  if (end < 0) return undefined;
  const [line = '', ...rest] = buffer.toString('latin1', at, end).split('\r\n');
  return { line, fields: rest.map(readField), length: end + 4 - at };
}

function readField(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
  if (!match || /[\0\r\n]/.test(line)) throw new Error(`not a field line: ${JSON.stringify(line)}`);
  return [(match[1] as string).toLowerCase(), match[2] as string];
}

export const values = (fields: Fields, name: string): string[] =>
  fields.filter(([field]) => field === name).map(([, value]) => value);

/** Reads the body that the head announces. `none` says that the message can't have one. */
export function readBody(buffer: Buffer, at: number, fields: Fields, none: boolean, request: boolean): Body {
  const lengths = values(fields, 'content-length');
  const codings = values(fields, 'transfer-encoding');
  if (none) return body('none', Buffer.alloc(0), true, 0);
  if (codings.length > 0) {
    if (lengths.length > 0) throw new Error('Content-Length together with Transfer-Encoding');
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked')
      throw new Error(`transfer-encoding: ${JSON.stringify(codings)}`);
    return readChunks(buffer, at);
  }
  if (lengths.length > 0) {
    if (lengths.length > 1 || !/^\d+$/.test(lengths[0] as string))
      throw new Error(`content-length: ${JSON.stringify(lengths)}`);
    const bytes = buffer.subarray(at, at + Number(lengths[0]));
    return body('length', bytes, bytes.length === Number(lengths[0]), bytes.length);
  }
  if (request) return body('none', Buffer.alloc(0), true, 0);
  return body('close', buffer.subarray(at), false, buffer.length - at);
}

const body = (
  framing: Body['framing'],
  bytes: Buffer,
  complete: boolean,
  length: number,
  trailers: Fields = [],
): Body => ({ framing, bytes, complete, length, trailers });

function readChunks(buffer: Buffer, start: number): Body {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return body('chunked', Buffer.concat(parts), false, buffer.length - start);
    const line = buffer.toString('latin1', at, lineEnd);
    if (!/^[0-9a-fA-F]{1,12}$/.test(line)) throw new Error(`chunk size line ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(buffer, start, at, parts);
    parts.push(buffer.subarray(at, at + size));
    if (buffer.length < at + size + 2)
      return body('chunked', Buffer.concat(parts), false, buffer.length - start);
    if (buffer.toString('latin1', at + size, at + size + 2) !== '\r\n')
      throw new Error('no CRLF after a chunk');
    at += size + 2;
  }
}

function readTrailers(buffer: Buffer, start: number, at: number, parts: Buffer[]): Body {
  if (buffer.toString('latin1', at, at + 2) === '\r\n')
    return body('chunked', Buffer.concat(parts), true, at + 2 - start);
  const end = buffer.indexOf('\r\n\r\n', at, 'latin1');
  if (end < 0) return body('chunked', Buffer.concat(parts), false, buffer.length - start);
  const trailers = buffer.toString('latin1', at, end).split('\r\n').map(readField);
  return body('chunked', Buffer.concat(parts), true, end + 4 - start, trailers);
}
