/** The newest refusals, for an operator to look at: who was turned away, where, and why. */
import type { Clock } from './clock.ts';
import type { Redactor } from './redact.ts';

export interface Refusal {
  readonly filter: string;
  readonly code: string;
  readonly mode: 'enforce' | 'report';
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly client: string;
  readonly correlationId: string;
}

/** A refusal as it may be shown: redacted and cut. */
export interface RefusalView extends Refusal {
  /** ISO 8601. */
  readonly time: string;
}

interface Kept {
  readonly refusal: Refusal;
  readonly at: number;
  view: RefusalView | undefined;
}

const KEPT = 64;
const LONGEST_PATH = 160;

/** What was noted since it was last told, for another process. */
export interface RefusalNews {
  readonly counts: readonly RefusalTotal[];
  /** Oldest first; milliseconds since the epoch. */
  readonly newest: readonly { readonly refusal: Refusal; readonly at: number }[];
}

export interface RefusalTotal {
  readonly filter: string;
  readonly code: string;
  readonly mode: 'enforce' | 'report';
  count: number;
}

/** What is kept is redacted only when somebody looks: an attack must not be made dearer by being noted. */
export class RecentRefusals {
  private readonly clock: Clock;
  private readonly redactor: Redactor;
  private readonly ring: (Kept | undefined)[] = new Array<Kept | undefined>(KEPT).fill(undefined);
  private readonly counts = new Map<string, RefusalTotal>();
  private readonly told = new Map<string, number>();
  private untold = 0;
  private next = 0;

  constructor(clock: Clock, redactor: Redactor) {
    this.clock = clock;
    this.redactor = redactor;
  }

  note(refusal: Refusal): void {
    this.keep(refusal, this.clock.now());
    this.count(refusal, 1);
    if (this.untold < KEPT) this.untold++;
  }

  news(): RefusalNews {
    const counts: RefusalTotal[] = [];
    for (const [key, total] of this.counts) {
      const count = total.count - (this.told.get(key) ?? 0);
      this.told.set(key, total.count);
      if (count > 0) counts.push({ ...total, count });
    }
    const newest: { refusal: Refusal; at: number }[] = [];
    for (let back = this.untold; back > 0; back--) {
      const kept = this.ring[(this.next - back + KEPT) % KEPT];
      if (kept !== undefined) newest.push({ refusal: kept.refusal, at: kept.at });
    }
    this.untold = 0;
    return { counts, newest };
  }

  /** Adds what another process noted. */
  absorb({ counts, newest }: RefusalNews): void {
    for (const total of counts) this.count(total, total.count);
    for (const { refusal, at } of newest) this.keep(refusal, at);
  }

  private keep(refusal: Refusal, at: number): void {
    this.ring[this.next] = { refusal, at, view: undefined };
    this.next = (this.next + 1) % KEPT;
  }

  private count({ filter, code, mode }: Omit<RefusalTotal, 'count'>, by: number): void {
    const key = `${filter} ${code} ${mode}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { filter, code, mode, count: by });
    else known.count += by;
  }

  /** By filter, code and mode since the start; the most frequent first. */
  totals(): readonly RefusalTotal[] {
    return [...this.counts.values()].sort((a, b) => b.count - a.count);
  }

  newest(limit: number): RefusalView[] {
    const found: RefusalView[] = [];
    for (let back = 1; back <= KEPT && found.length < limit; back++) {
      const kept = this.ring[(this.next - back + KEPT) % KEPT];
      if (kept === undefined) break;
      kept.view ??= this.view(kept);
      found.push(kept.view);
    }
    return found;
  }

  private view({ refusal, at }: Kept): RefusalView {
    const { path } = refusal;
    const cut = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
    return {
      ...refusal,
      path: this.redactor.text(cut, 'dashboard'),
      time: new Date(at).toISOString(),
    };
  }
}
