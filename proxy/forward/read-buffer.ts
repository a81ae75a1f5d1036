/** Where the bytes of the app's connections land: small reads in one buffer for all, to be copied; large ones in a buffer given away with them. */

const SIZE = 64 * 1024;
/** From here on a copy costs more than a buffer. */
const LARGE = 16 * 1024;

/** A read is over before the next one, of whatever connection, begins. */
const shared = Buffer.allocUnsafeSlow(SIZE);

/** One connection's reads. Node's own way takes 64 KB a read and gives most of it back. */
export class ReadBuffer {
  private own: Buffer | undefined = undefined;

  /** What the next read fills. */
  next(): Buffer {
    return this.own ?? shared;
  }

  /** The first `size` bytes of what was filled; they belong to the caller. */
  take(size: number): Buffer {
    const filled = this.next();
    const large = size >= LARGE;
    const bytes = filled.subarray(0, size);
    this.own = large ? Buffer.allocUnsafeSlow(SIZE) : undefined;
    return large && filled !== shared ? bytes : Buffer.from(bytes);
  }
}
