/** What a run has done so far: how many exchanges, of which kinds, and everything that was wrong. */

export class Tally {
  readonly faults: string[] = [];
  readonly kinds = new Map<string, number>();
  exchanges = 0;
  /** Answers that came whole and were right, to the last byte. */
  right = 0;

  count(kind: string): void {
    this.exchanges++;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  /** An empty text says that it was right. */
  judge(fault: string): void {
    if (fault === '') this.right++;
    else this.faults.push(fault);
  }

  /** What one conversation has done; `seed` makes it again. */
  add(other: Tally, seed: number): void {
    this.exchanges += other.exchanges;
    this.right += other.right;
    for (const [kind, count] of other.kinds) this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + count);
    for (const fault of other.faults) this.faults.push(`${fault} (seed ${seed})`);
  }

  get summary(): string {
    const kinds = [...this.kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
    return `${this.exchanges} exchanges (${kinds}), ${this.right} whole and right, ${this.faults.length} wrong`;
  }
}
