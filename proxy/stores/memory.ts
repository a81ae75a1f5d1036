/** Rate limits in this process's memory: of fixed size, with no string kept and nothing for the garbage collector. */
import type { Clock } from '../../core/clock.ts';
import { ExpiryRings, type Ring } from './expiry-rings.ts';
import { admits, aheadOf, type Decision, decision, type Policy } from './gcra.ts';
import { KeyHash } from './key-hash.ts';
import type { Store } from './store.ts';

/** Idle keys let go of by one decision at most; more than it can add, so that the sweep keeps up. */
const SWEEP = 3;

/**
 * An open-addressing table from the 64-bit hash of a key to its theoretical arrival time. At capacity the key that
 * has used the least of its burst makes room, so a flood of new keys can't wash out one that is over its limit.
 */
export class MemoryStore implements Store {
  readonly name = 'memory';
  private readonly clock: Clock;
  private readonly capacity: number;
  private readonly hash = new KeyHash();
  /** Slot + 1 of the key whose probe sequence comes by here; 0 when free. At most half full. */
  private readonly cells: Int32Array;
  private readonly mask: number;
  private readonly high: Int32Array;
  private readonly low: Int32Array;
  /** Slots let go of, to be taken first; those from `fresh` on were never taken. */
  private readonly free: Int32Array;
  private freeCount = 0;
  private fresh = 0;
  private readonly rings: ExpiryRings;
  private readonly ringOf = new Map<Policy, Ring>();
  private turn = 0;

  /** `capacity` in keys: some 40 bytes each, reserved at once, and resident as they come. */
  constructor(clock: Clock, capacity = 200_000) {
    this.clock = clock;
    this.capacity = capacity;
    const cells = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.cells = new Int32Array(cells);
    this.mask = cells - 1;
    this.high = new Int32Array(capacity);
    this.low = new Int32Array(capacity);
    this.free = new Int32Array(capacity);
    this.rings = new ExpiryRings(capacity);
  }

  /** Keys held now. */
  get size(): number {
    return this.fresh - this.freeCount;
  }

  decide(key: string, policy: Policy, now = this.now()): Decision {
    const ring = this.ring(policy);
    this.sweep(ring, now);
    const cell = this.find(ring, key);
    const slot = (this.cells[cell] as number) - 1;
    const ahead = slot < 0 ? 0 : aheadOf(this.rings.time(slot), now, policy);
    if (!admits(ahead, policy)) return decision(false, ahead, policy);
    const after = ahead + policy.interval;
    this.rings.place(ring, slot < 0 ? this.insert(now) : slot, now + after);
    return decision(true, after, policy);
  }

  /** What `decide` would say of the key, without counting anything. */
  look(key: string, policy: Policy, now = this.now()): Decision {
    const slot = (this.cells[this.find(this.ring(policy), key)] as number) - 1;
    const ahead = slot < 0 ? 0 : aheadOf(this.rings.time(slot), now, policy);
    return decision(admits(ahead, policy), ahead, policy);
  }

  /** Takes over what another store said of the key, so that the count goes on from there when this one has to. */
  adopt(key: string, { policy, resetMs }: Decision, now = this.now()): void {
    const ring = this.ring(policy);
    this.sweep(ring, now);
    const slot = (this.cells[this.find(ring, key)] as number) - 1;
    this.rings.place(ring, slot < 0 ? this.insert(now) : slot, now + Math.ceil(resetMs * 1000));
  }

  close(): void {}

  private now(): number {
    return Math.floor(this.clock.monotonic() * 1000);
  }

  private ring(policy: Policy): Ring {
    let ring = this.ringOf.get(policy);
    if (ring === undefined) {
      ring = this.rings.add(policy);
      this.ringOf.set(policy, ring);
    }
    return ring;
  }

  private sweep(ring: Ring, now: number): void {
    for (let i = 0; i < SWEEP; i++) this.letGo(this.rings.sweep(ring, now));
    // One step for each policy in turn: those nobody asks for any more are emptied too.
    this.turn = this.turn + 1 < this.rings.size ? this.turn + 1 : 0;
    this.letGo(this.rings.sweep(this.rings.at(this.turn), now));
  }

  /** The cell of the key, or the free cell where it would go. Leaves its hash in `this.hash`. */
  private find(ring: Ring, key: string): number {
    const { hash, cells, mask } = this;
    hash.update(ring.ordinal, key);
    const { high, low } = hash;
    for (let cell = high & mask; ; cell = (cell + 1) & mask) {
      const slot = (cells[cell] as number) - 1;
      if (slot < 0 || (this.high[slot] === high && this.low[slot] === low)) return cell;
    }
  }

  /** A slot for the key whose hash is in `this.hash`. */
  private insert(now: number): number {
    if (this.size === this.capacity) this.letGo(this.rings.idlest(now));
    const slot = this.freeCount > 0 ? (this.free[--this.freeCount] as number) : this.fresh++;
    const { high, low } = this.hash;
    this.high[slot] = high;
    this.low[slot] = low;
    let cell = high & this.mask;
    while (this.cells[cell] !== 0) cell = (cell + 1) & this.mask;
    this.cells[cell] = slot + 1;
    return slot;
  }

  private letGo(slot: number): void {
    if (slot < 0) return;
    this.rings.remove(slot);
    this.free[this.freeCount++] = slot;
    const { cells, mask } = this;
    let hole = (this.high[slot] as number) & mask;
    while (cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    // Close the gap: every later key of the run moves up unless it stands between its home and the hole.
    for (let cell = (hole + 1) & mask; cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = (this.high[(cells[cell] as number) - 1] as number) & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      cells[hole] = cells[cell] as number;
      hole = cell;
    }
    cells[hole] = 0;
  }
}
