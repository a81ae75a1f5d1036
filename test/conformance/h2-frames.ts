/** HTTP/2 frames by hand (RFC 9113, RFC 7541): what a well-behaved library would refuse to send. */
import { toBytes } from './bytes.ts';
import type { Fields } from './message.ts';

export const FRAME = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block; over 16 KiB it goes on in CONTINUATION frames. */
export function headers(stream: number, fields: Fields, { end = true, endHeaders = true } = {}): Buffer {
  const block = encode(fields);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += 16_384) {
    const last = at + 16_384 >= block.length && endHeaders;
    const flags = (at === 0 && end ? END_STREAM : 0) | (last ? END_HEADERS : 0);
    frames.push(
      frame(at === 0 ? FRAME.headers : FRAME.continuation, flags, stream, block.subarray(at, at + 16_384)),
    );
  }
  return Buffer.concat(frames);
}

export const data = (stream: number, bytes: string | Buffer, { end = true } = {}): Buffer =>
  frame(FRAME.data, end ? END_STREAM : 0, stream, toBytes(bytes));

export const reset = (stream: number, code = 8): Buffer => frame(FRAME.rst, 0, stream, uint32(code));
export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(FRAME.window, 0, stream, uint32(increment));

export function settings(pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(FRAME.settings, 0, 0, payload);
}
export const settingsAck = frame(FRAME.settings, 1, 0, Buffer.alloc(0));

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal fields, never indexed, never Huffman: the bytes of a case arrive as they are. */
export function encode(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0x10), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = toBytes(value);
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

function integer(value: number, bits: number, flags: number): Buffer {
  const max = 2 ** bits - 1;
  if (value < max) return Buffer.of(flags | value);
  const bytes = [flags | max];
  let rest = value - max;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Decodes a header block for a peer that was told to use no dynamic table. */
export function decode(block: Buffer): Fields {
  const fields: Fields = [];
  const at = { i: 0 };
  while (at.i < block.length) {
    const first = block[at.i] as number;
    if (first & 0x80) fields.push([...entry(readInteger(block, at, 7))]);
    else if ((first & 0xe0) === 0x20) readInteger(block, at, 5);
    else {
      const index = readInteger(block, at, first & 0x40 ? 6 : 4);
      const name = index === 0 ? readText(block, at) : entry(index)[0];
      fields.push([name, readText(block, at)]);
    }
  }
  return fields;
}

function entry(index: number): readonly [string, string] {
  const found = STATIC[index - 1];
  if (!found) throw new Error(`HPACK index ${index} although the table size is 0`);
  return found;
}

function readInteger(block: Buffer, at: { i: number }, bits: number): number {
  const max = 2 ** bits - 1;
  let value = (block[at.i++] as number) & max;
  if (value < max) return value;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at.i++] as number;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
}

function readText(block: Buffer, at: { i: number }): string {
  const huffman = ((block[at.i] as number) & 0x80) !== 0;
  const length = readInteger(block, at, 7);
  const bytes = block.subarray(at.i, at.i + length);
  at.i += length;
  return huffman ? unhuffman(bytes) : bytes.toString('latin1');
}

const codes = (...symbols: number[]) => symbols;
const chars = (symbols: string) => [...Buffer.from(symbols, 'latin1')];
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The symbols of each code length (RFC 7541 appendix B); the code is canonical, so lengths tell all. */
const BY_LENGTH: Record<number, number[]> = {
  5: chars('012aceiost'),
  6: chars(' %-./3456789=A_bdfghlmnpru'),
  7: chars(':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'),
  8: chars('&*,;XZ'),
  10: chars('!"()?'),
  11: chars("'+|"),
  12: chars('#>'),
  13: chars('\0$@[]~'),
  14: chars('^}'),
  15: chars('<`{'),
  19: chars('\\\xc3\xd0'),
  20: codes(128, 130, 131, 162, 184, 194, 224, 226),
  21: codes(153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230),
  22: codes(
    129,
    132,
    133,
    134,
    136,
    146,
    154,
    156,
    160,
    163,
    164,
    169,
    170,
    173,
    178,
    181,
    185,
    186,
    187,
    189,
    190,
    196,
    198,
    228,
    232,
    233,
  ),
  23: codes(
    1,
    135,
    137,
    138,
    139,
    140,
    141,
    143,
    147,
    149,
    150,
    151,
    152,
    155,
    157,
    158,
    165,
    166,
    168,
    174,
    175,
    180,
    182,
    183,
    188,
    191,
    197,
    231,
    239,
  ),
  24: codes(9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237),
  25: codes(199, 207, 234, 235),
  26: codes(192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255),
  27: codes(203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254),
  28: [...range(2, 8), 11, 12, ...range(14, 21), ...range(23, 31), 127, 220, 249],
  30: codes(10, 13, 22, 256),
};

const SYMBOLS = new Map<string, number>();
{
  let code = 0;
  let previous = 0;
  for (const [length, symbols] of Object.entries(BY_LENGTH)) {
    for (const symbol of symbols) {
      code *= 2 ** (Number(length) - previous);
      previous = Number(length);
      SYMBOLS.set(code.toString(2).padStart(Number(length), '0'), symbol);
      code++;
    }
  }
}

function unhuffman(bytes: Buffer): string {
  let out = '';
  let bits = '';
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, '0')) {
      bits += bit;
      const symbol = SYMBOLS.get(bits);
      if (symbol === undefined) continue;
      out += String.fromCharCode(symbol);
      bits = '';
    }
  }
  return out;
}

/** RFC 7541 appendix A. */
const STATIC: (readonly [string, string])[] = [
  ':authority',
  ':method GET',
  ':method POST',
  ':path /',
  ':path /index.html',
  ':scheme http',
  ':scheme https',
  ':status 200',
  ':status 204',
  ':status 206',
  ':status 304',
  ':status 400',
  ':status 404',
  ':status 500',
  'accept-charset',
  'accept-encoding gzip, deflate',
  'accept-language',
  'accept-ranges',
  'accept',
  'access-control-allow-origin',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'refresh',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
].map((line) => {
  const space = line.indexOf(' ');
  return space < 0 ? ([line, ''] as const) : ([line.slice(0, space), line.slice(space + 1)] as const);
});
