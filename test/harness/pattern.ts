/** The bytes that the stand-in app sends at `/bytes`: any length, no need to keep them. */
import { createHash } from 'node:crypto';

/** Prime to every chunk size, so that swapped or lost chunks change the hash. */
const PERIOD = 65521;
const CHUNK = 65536;
const pattern = Buffer.alloc(PERIOD * 3);
for (let i = 0; i < pattern.length; i += 1) pattern[i] = ((i % PERIOD) * 7 + ((i % PERIOD) >> 8)) & 255;

/** A body of `length` bytes that is made while it is sent. */
export function patternBody(length: number) {
  return {
    length,
    *chunks(): Generator<Buffer> {
      for (let sent = 0; sent < length; ) {
        const size = Math.min(CHUNK, length - sent);
        const start = sent % PERIOD;
        yield pattern.subarray(start, start + size);
        sent += size;
      }
    },
  };
}

export function patternHash(length: number): string {
  const hash = createHash('sha256');
  for (const chunk of patternBody(length).chunks()) hash.update(chunk);
  return hash.digest('hex');
}
