/** Finds many exact strings in one pass (Wu-Manber): a block of three characters says how far nothing can match. */

interface Needle {
  readonly text: string;
  readonly kind: string;
}

const BLOCK = 3;
const TABLE = 1 << 15;
const LONG = 16;

const hash = (a: number, b: number, c: number): number => ((a << 10) ^ (b << 5) ^ c) & (TABLE - 1);

/** Needles of similar length, so that one short needle does not shorten the steps of all. */
class Group {
  readonly #window: number;
  readonly #shift = new Uint8Array(TABLE);
  readonly #buckets = new Map<number, Needle[]>();

  constructor(needles: readonly Needle[]) {
    this.#window = Math.min(255, ...needles.map((needle) => needle.text.length));
    this.#shift.fill(this.#window - BLOCK + 1);
    for (const needle of needles) this.#learn(needle);
    for (const bucket of this.#buckets.values()) bucket.sort((a, b) => b.text.length - a.text.length);
  }

  #learn(needle: Needle): void {
    const { text } = needle;
    for (let end = BLOCK - 1; end < this.#window; end++) {
      const h = hash(text.charCodeAt(end - 2), text.charCodeAt(end - 1), text.charCodeAt(end));
      const shift = this.#window - 1 - end;
      if (shift < this.#shift[h]!) this.#shift[h] = shift;
      if (shift === 0) this.#buckets.set(h, [...(this.#buckets.get(h) ?? []), needle]);
    }
  }

  search(text: string, found: (start: number, end: number, kind: string) => void): void {
    const shifts = this.#shift;
    const { length } = text;
    let end = this.#window - 1;
    while (end < length) {
      const h = hash(text.charCodeAt(end - 2), text.charCodeAt(end - 1), text.charCodeAt(end));
      const shift = shifts[h]!;
      if (shift !== 0) {
        end += shift;
        continue;
      }
      const start = end - this.#window + 1;
      const hit = this.#buckets.get(h)!.find((needle) => text.startsWith(needle.text, start));
      if (hit) found(start, start + hit.text.length, hit.kind);
      end += hit ? hit.text.length : 1;
    }
  }
}

export class Needles {
  readonly #groups: readonly Group[];
  /** How many strings are searched for. */
  readonly size: number;

  constructor(needles: ReadonlyMap<string, string>) {
    const all = [...needles].map(([text, kind]) => ({ text, kind }));
    const long = all.filter((needle) => needle.text.length >= LONG);
    const short = all.filter((needle) => needle.text.length < LONG);
    this.#groups = [long, short].filter((group) => group.length > 0).map((group) => new Group(group));
    this.size = all.length;
  }

  search(text: string, found: (start: number, end: number, kind: string) => void): void {
    for (const group of this.#groups) group.search(text, found);
  }
}
