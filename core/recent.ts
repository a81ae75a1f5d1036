/** A bounded memory of what is asked for again and again: two generations, so that forgetting costs nothing per entry. */

export class Recent<Value> {
  private readonly least: number;
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  /** Holds `size` entries at least, and twice as many at most. */
  constructor(size: number) {
    this.least = size;
  }

  /** Entries held; one that was asked for lately may count twice. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  get(key: string): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const kept = this.old.get(key);
    if (kept !== undefined) this.set(key, kept);
    return kept;
  }

  /** The key is kept as it is: a slice of a larger text would keep all of that. */
  set(key: string, value: Value): void {
    if (this.young.size >= this.least) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }
}
