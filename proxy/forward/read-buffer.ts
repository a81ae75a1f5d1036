/** Where the bytes of the app's connections land: small reads are copied out of a buffer for all, large ones lent from one of the connection's own. */

/** A body of 64 KB and its head are one read. */
const SIZE = 80 * 1024;
/** From here on a copy costs more than a buffer that is used again. */
const LARGE = 16 * 1024;
/** Small reads in a row after which a connection has no buffer of its own any more. */
const SPELL = 16;

/** A read is over before the next one, of whatever connection, begins. */
const shared = Buffer.allocUnsafeSlow(SIZE);

/** One connection's reads. Node's own way takes 64 KB a read and gives most of it back. */
export class ReadBuffer {
  private own: Buffer | undefined = undefined;
  /** What Node fills: it asks again after each read, and not before. */
  private filled: Buffer = shared;
  private size = 0;
  private smallOnes = 0;

  /** What the next read fills. */
  next(): Buffer {
    this.filled = this.own ?? shared;
    return this.filled;
  }

  /** The first `size` bytes of what was filled: lent until the read is over. */
  take(size: number): Buffer {
    this.size = size;
    return this.filled.subarray(0, size);
  }

  /** A part of what was taken, to be kept until `settle` says how long: a copy where the buffer is filled again anyhow. */
  keep(bytes: Buffer): Buffer {
    return this.size < LARGE || this.filled === shared ? Buffer.from(bytes) : bytes;
  }

  /** The read is over. What was lent and is still needed keeps its buffer; else the buffer is filled again. */
  settle(needed: boolean): void {
    if (this.size >= LARGE) {
      this.smallOnes = 0;
      if (this.own === undefined || needed) this.own = Buffer.allocUnsafeSlow(SIZE);
    } else if (this.own !== undefined && ++this.smallOnes > SPELL) this.own = undefined;
  }
}
