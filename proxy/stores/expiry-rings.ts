/** Keys in the order in which they fall idle: one ring of time buckets a policy, so that expiry and eviction need no search. */
import type { Policy } from './gcra.ts';

/** Buckets a ring. A burst spans SPAN of them, so live keys never wrap around into one another. */
const BUCKETS = 128;
const SPAN = 64;
const NONE = -1;

export class Ring {
  /** Apart from every other ring of the store. */
  readonly ordinal: number;
  /** Microseconds a bucket covers. */
  readonly width: number;
  /** Microseconds a key can run ahead at most. */
  readonly reach: number;
  /** Every bucket before this one (counted from the clock's zero) was emptied of idle keys. */
  cursor = 0;
  count = 0;

  constructor(ordinal: number, policy: Policy) {
    this.ordinal = ordinal;
    this.reach = policy.tolerance + policy.interval;
    this.width = Math.ceil(this.reach / SPAN);
  }
}

/**
 * Slots are the caller's small integers, times its microseconds. Within a bucket slots stand in the order in which
 * they were placed; a bucket of an earlier lap that was not swept yet therefore stands before a later lap's.
 * So the slot that `idlest` names is at most one bucket (1/64 of its policy's burst) from the one that is idle first.
 */
export class ExpiryRings {
  private readonly times: Float64Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** Which bucket a slot stands in, over all rings, plus 1; 0 in none. A table of zeros costs no memory until it is used. */
  private readonly bucket: Int32Array;
  private heads = new Int32Array(0);
  private tails = new Int32Array(0);
  private readonly rings: Ring[] = [];

  constructor(capacity: number) {
    this.times = new Float64Array(capacity);
    this.next = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
    this.bucket = new Int32Array(capacity);
  }

  add(policy: Policy): Ring {
    const ring = new Ring(this.rings.length, policy);
    this.rings.push(ring);
    this.heads = grown(this.heads);
    this.tails = grown(this.tails);
    return ring;
  }

  at(ordinal: number): Ring {
    return this.rings[ordinal] as Ring;
  }

  get size(): number {
    return this.rings.length;
  }

  time(slot: number): number {
    return this.times[slot] as number;
  }

  /** Puts the slot where it falls idle at `time`; a slot that stands somewhere moves. */
  place(ring: Ring, slot: number, time: number): void {
    if (this.bucket[slot] !== 0) this.remove(slot);
    const bucket = ring.ordinal * BUCKETS + (Math.floor(time / ring.width) % BUCKETS);
    const tail = this.tails[bucket] as number;
    this.times[slot] = time;
    this.bucket[slot] = bucket + 1;
    this.previous[slot] = tail;
    this.next[slot] = NONE;
    if (tail === NONE) this.heads[bucket] = slot;
    else this.next[tail] = slot;
    this.tails[bucket] = slot;
    ring.count++;
  }

  remove(slot: number): void {
    const bucket = (this.bucket[slot] as number) - 1;
    const previous = this.previous[slot] as number;
    const next = this.next[slot] as number;
    if (previous === NONE) this.heads[bucket] = next;
    else this.next[previous] = next;
    if (next === NONE) this.tails[bucket] = previous;
    else this.previous[next] = previous;
    this.bucket[slot] = 0;
    this.at(Math.floor(bucket / BUCKETS)).count--;
  }

  /** One step of the sweep: an idle slot to let go of, or -1 when this step found none. */
  sweep(ring: Ring, now: number): number {
    const current = Math.floor(now / ring.width);
    if (current - ring.cursor > BUCKETS) ring.cursor = current - BUCKETS;
    const head = this.heads[ring.ordinal * BUCKETS + (ring.cursor % BUCKETS)] as number;
    if (head !== NONE && (this.times[head] as number) <= now) return head;
    if (ring.cursor < current) ring.cursor++;
    return NONE;
  }

  /** The slot that has used the least of its burst, over all rings; -1 when there is none. */
  idlest(now: number): number {
    let best = NONE;
    let least = Number.POSITIVE_INFINITY;
    for (const ring of this.rings) {
      const slot = ring.count === 0 ? NONE : this.first(ring);
      if (slot === NONE) continue;
      const used = ((this.times[slot] as number) - now) / ring.reach;
      if (used >= least) continue;
      least = used;
      best = slot;
    }
    return best;
  }

  private first(ring: Ring): number {
    const base = ring.ordinal * BUCKETS;
    for (let i = 0; i < BUCKETS; i++) {
      const head = this.heads[base + ((ring.cursor + i) % BUCKETS)] as number;
      if (head !== NONE) return head;
    }
    return NONE;
  }
}

function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length + BUCKETS).fill(NONE);
  larger.set(old);
  return larger;
}
