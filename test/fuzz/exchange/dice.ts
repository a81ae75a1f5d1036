/** Chance with a seed, and bodies that belong to a name: what makes a random exchange both repeatable and checkable. */

/** Mulberry32: the same seed, the same dice. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** FNV-1a. */
export function hashOf(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return hash;
}

const LARGEST = 150_000;
/** Odd, and so long that two names hardly ever start at the same byte. */
const POOL = Buffer.alloc(LARGEST + 1_000_003);
const pool = new Dice(1);
for (let i = 0; i + 4 <= POOL.length; i += 4) POOL.writeUInt32LE((pool.next() * 4294967296) >>> 0, i);

/** Weighted towards what is small, with the borders of the buffers on the way. */
export const SIZES = [
  ...[0, 0, 0, 1, 2, 3, 100, 100, 100, 500, 1000, 1000, 1000, 1000, 5000, 5000],
  ...[16_383, 16_384, 16_385, 40_000, 65_536, LARGEST],
];

/** The body that belongs to a name: no two are alike, and a cut, a shift or a swap shows. */
export function bodyOf(name: string, size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  POOL.copy(out, 0, hashOf(name) % 1_000_003);
  if (size >= 2 * name.length) {
    out.write(name, 0, 'latin1');
    out.write(name, size - name.length, 'latin1');
  }
  return out;
}

/** The body in the chunked coding, without its end. */
export function inChunks(body: Buffer, step: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += step) {
    const part = body.subarray(at, at + step);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return parts;
}

/** A chunked body that starts at `from`; undefined while bytes are missing. `trailers` are its lines as they came. */
export function readChunks(
  bytes: Buffer,
  from: number,
): { body: Buffer; trailers: string[]; next: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, eol), 16);
    if (size === 0) {
      const last = bytes.indexOf('\r\n\r\n', eol);
      if (last < 0) return undefined;
      const trailers = bytes
        .toString('latin1', eol + 2, last)
        .split('\r\n')
        .filter(Boolean);
      return { body: Buffer.concat(parts), trailers, next: last + 4 };
    }
    if (bytes.length < eol + size + 4) return undefined;
    parts.push(bytes.subarray(eol + 2, eol + 2 + size));
    at = eol + 4 + size;
  }
}
