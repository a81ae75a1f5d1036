/** Events that wait for the database: in order, bounded, what is dropped is counted and never an authentication first. */
import type { AuditEvent } from '../audit.ts';

interface Entry {
  readonly order: number;
  readonly event: AuditEvent;
}

/** First in, first out, without moving what stays. */
class Line {
  private entries: Entry[] = [];
  private head = 0;

  get first(): Entry | undefined {
    return this.entries[this.head];
  }

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  shift(): Entry | undefined {
    const entry = this.entries[this.head];
    if (entry === undefined) return undefined;
    this.head++;
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return entry;
  }
}

export class AuditQueue {
  dropped = 0;
  private readonly capacity: number;
  private readonly authentications = new Line();
  private readonly others = new Line();
  private order = 0;
  private waiting = 0;
  /** What is on its way; it waits until the database has confirmed it. */
  private taken: readonly AuditEvent[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Events that the database has not confirmed. */
  get size(): number {
    return this.waiting + this.taken.length;
  }

  push(event: AuditEvent): void {
    if (this.size >= this.capacity && !this.makeRoom()) {
      this.dropped++;
      return;
    }
    const line = event.type === 'authentication' ? this.authentications : this.others;
    line.push({ order: this.order++, event });
    this.waiting++;
  }

  /** The oldest events, at most `count`; the same ones again until `confirm` is called. */
  take(count: number): readonly AuditEvent[] {
    if (this.taken.length > 0) return this.taken;
    const batch: AuditEvent[] = [];
    while (batch.length < count) {
      const [a, b] = [this.authentications.first, this.others.first];
      if (a === undefined && b === undefined) break;
      const line =
        b === undefined || (a !== undefined && a.order < b.order) ? this.authentications : this.others;
      batch.push((line.shift() as Entry).event);
    }
    this.waiting -= batch.length;
    this.taken = batch;
    return batch;
  }

  confirm(): void {
    this.taken = [];
  }

  /** False when all that is there is on its way. */
  private makeRoom(): boolean {
    if ((this.others.shift() ?? this.authentications.shift()) === undefined) return false;
    this.waiting--;
    this.dropped++;
    return true;
  }
}
