/** Takes the chunked coding off a body, strictly (RFC 9112 §7.1); trailers are kept as flat pairs. */
import { isFieldValue, isToken, trimOws } from '../syntax.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER = 6;

const MAX_EXTENSION = 1024;
/** RFC 9112 §7.1.1, without the blanks it calls bad: nobody sends them, and readers differ on them. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)+$/;
/** In a trailer section they would frame the message a second time. */
const FRAMING = /^(?:content-length|transfer-encoding)$/i;
const CR = 13;
const LF = 10;

const hexDigit = (byte: number): number => {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
};

export class ChunkedDecoder {
  /** True once the last chunk and the trailer section were read. */
  done = false;
  trailers: string[] | undefined;
  /** Why `feed` answered -1. */
  reason = '';
  private readonly emit: (chunk: Buffer) => void;
  private readonly maxTrailerSize: number;
  private state = SIZE;
  private left = 0;
  private digits = 0;
  private extension = '';
  private trailer = '';
  /** Of the trailer line under way, its CR included, and the byte before: to look at the text for each line is quadratic. */
  private lineLength = 0;
  private before = 0;

  constructor(emit: (chunk: Buffer) => void, maxTrailerSize: number) {
    this.emit = emit;
    this.maxTrailerSize = maxTrailerSize;
  }

  reset(): void {
    this.done = false;
    this.trailers = undefined;
    this.state = SIZE;
    this.left = 0;
    this.digits = 0;
    this.trailer = '';
    this.lineLength = 0;
    this.before = 0;
  }

  /** Bytes used, up to the end of the body; -1 when the coding is broken. */
  feed(input: Buffer): number {
    let at = 0;
    while (at < input.length) {
      if (this.state === DATA) {
        const end = Math.min(input.length, at + this.left);
        this.left -= end - at;
        this.emit(input.subarray(at, end));
        at = end;
        if (this.left === 0) this.state = DATA_CR;
        continue;
      }
      if (!this.byte(input[at++] as number)) return -1;
      if (this.done) return at;
    }
    return at;
  }

  private byte(byte: number): boolean {
    switch (this.state) {
      case SIZE:
        return this.size(byte);
      case EXTENSION:
        return this.extensionByte(byte);
      case SIZE_LF:
        if (byte !== LF) return this.bad('chunk size line');
        return this.to(this.left === 0 ? TRAILER : DATA);
      case DATA_CR:
        return byte === CR ? this.to(DATA_LF) : this.bad('end of chunk');
      case DATA_LF:
        if (byte !== LF) return this.bad('end of chunk');
        this.digits = 0;
        return this.to(SIZE);
      default:
        return this.trailerByte(byte);
    }
  }

  private size(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.digits > 12) return this.bad('chunk size');
      this.left = this.left * 16 + digit;
      return true;
    }
    if (this.digits === 0) return this.bad('chunk size');
    if (byte === CR) return this.to(SIZE_LF);
    if (byte !== 59) return this.bad('chunk size');
    this.extension = ';';
    return this.to(EXTENSION);
  }

  private extensionByte(byte: number): boolean {
    if (byte === CR) return EXTENSIONS.test(this.extension) ? this.to(SIZE_LF) : this.bad('chunk extension');
    this.extension += String.fromCharCode(byte);
    return this.extension.length <= MAX_EXTENSION || this.bad('chunk extension');
  }

  private trailerByte(byte: number): boolean {
    this.trailer += String.fromCharCode(byte);
    if (this.trailer.length > this.maxTrailerSize) return this.bad('trailer section too large');
    if (byte !== LF) {
      this.lineLength++;
      this.before = byte;
      return true;
    }
    if (this.before !== CR) return this.bad('trailer line');
    const empty = this.lineLength === 1;
    this.lineLength = 0;
    this.before = LF;
    if (!empty) return true;
    this.done = this.trailer.length === 2;
    return this.done || this.trailerSection();
  }

  private trailerSection(): boolean {
    const trailers: string[] = [];
    for (const line of this.trailer.slice(0, -4).split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0));
      const value = trimOws(line.slice(colon + 1));
      if (!isToken(name) || !isFieldValue(value) || FRAMING.test(name)) return this.bad('trailer line');
      trailers.push(name, value);
    }
    this.trailers = trailers;
    this.done = true;
    return true;
  }

  private to(state: number): boolean {
    this.state = state;
    return true;
  }

  private bad(what: string): boolean {
    this.reason = `malformed ${what}`;
    return false;
  }
}
