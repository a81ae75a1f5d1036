/** Follows WebSocket frame borders in a stream without touching it (RFC 6455 §5.2): so that a Close can be put between two frames. */

export class FrameBorders {
  /** Bytes of payload still to come of the frame under way. */
  private left = 0;
  private header = Buffer.alloc(14);
  private have = 0;

  /** True between two frames. */
  get between(): boolean {
    return this.left === 0 && this.have === 0;
  }

  /** Takes the next bytes. The position of the last frame border in them; -1 when there is none. */
  feed(chunk: Buffer): number {
    let at = 0;
    let border = this.between ? 0 : -1;
    while (at < chunk.length) {
      if (this.left > 0) {
        const take = Math.min(this.left, chunk.length - at);
        this.left -= take;
        at += take;
      } else {
        this.header[this.have++] = chunk[at++] as number;
        this.readHeader();
      }
      if (this.between) border = at;
    }
    return border;
  }

  private readHeader(): void {
    if (this.have < 2) return;
    const second = this.header[1] as number;
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.have < 2 + extended + ((second & 0x80) === 0 ? 0 : 4)) return;
    this.left =
      extended === 2
        ? this.header.readUInt16BE(2)
        : extended === 8
          ? Number(this.header.readBigUInt64BE(2))
          : short;
    this.have = 0;
  }
}

/** A Close frame with status 1001, going away; masked towards a server (RFC 6455 §5.1, §7.4.1). */
export function goingAway(masked: boolean): Buffer {
  return masked ? Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]) : Buffer.from([0x88, 0x02, 0x03, 0xe9]);
}
