/** Counts which API keys clients use, from the audit's events: by the salted name each has there, never the key. */
import type { AuditEvent, AuditSink } from '../../core/audit.ts';

export interface KeyUsage {
  readonly key_id: string;
  readonly uses: number;
  readonly refused: number;
  /** ISO 8601. */
  readonly first_seen: string;
  readonly last_seen: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const MOST = 1000;

export class UsageCount implements AuditSink {
  /** The least recently used first. */
  private readonly keys = new Map<string, Writable<KeyUsage>>();

  write({ type, key_id, outcome, time, count = 1 }: AuditEvent): void {
    if (type !== 'api_key_usage' || key_id === undefined) return;
    const known = this.keys.get(key_id) ?? { key_id, uses: 0, refused: 0, first_seen: time, last_seen: time };
    this.keys.delete(key_id);
    if (this.keys.size >= MOST) this.forgetOldest();
    if (outcome === 'success') known.uses += count;
    else known.refused += count;
    known.last_seen = time;
    this.keys.set(key_id, known);
  }

  /** Most recently used first. */
  list(): KeyUsage[] {
    return [...this.keys.values()].reverse().map((one) => ({ ...one }));
  }

  private forgetOldest(): void {
    for (const oldest of this.keys.keys()) {
      this.keys.delete(oldest);
      return;
    }
  }
}
