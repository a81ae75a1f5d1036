/** Follows one answer with a Content-Length as its bytes arrive: is it all there, and was it a success? */

const HEAD_END = '\r\n\r\n';

export class Answer {
  success = false;
  /** The head, and with `keep` the body too. */
  text = '';
  private missing = Number.NaN;
  private readonly keep: boolean;

  constructor(keep = false) {
    this.keep = keep;
  }

  /** Before the next answer of the same connection. */
  reset(): void {
    this.text = '';
    this.success = false;
    this.missing = Number.NaN;
  }

  /** True once the answer is complete; more bytes than it announced make it no success. */
  feed(chunk: Buffer): boolean {
    if (!Number.isNaN(this.missing)) {
      this.missing -= chunk.length;
      if (this.keep) this.text += chunk.toString('latin1');
    } else {
      this.text += chunk.toString('latin1');
      const end = this.text.indexOf(HEAD_END);
      if (end === -1) return false;
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.text.slice(0, end))?.[1];
      this.success = /^HTTP\/1\.1 2/.test(this.text) && length !== undefined;
      this.missing = Number(length ?? 0) - (this.text.length - end - HEAD_END.length);
    }
    if (this.missing < 0) this.success = false;
    return this.missing <= 0;
  }
}
