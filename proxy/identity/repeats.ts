/** Bounds what one client's repeated failures write: a number of them one by one, the rest as a sum. */

import type { Clock } from '../../core/clock.ts';
import { makeRoom } from '../../core/make-room.ts';

interface Run {
  since: number;
  told: number;
  held: number;
}

/** Milliseconds, and failures of one kind that are told one by one within them. */
const WINDOW = 60_000;
const SINGLY = 20;
const MAX_RUNS = 10_000;

export class Repeats {
  private readonly clock: Clock;
  /** By client and kind of failure, oldest first. */
  private readonly runs = new Map<string, Run>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How many failures the next event stands for; 0 when it is to be held back for a later one. */
  admit(key: string): number {
    const now = this.clock.monotonic();
    const run = this.runs.get(key);
    if (run === undefined || now - run.since >= WINDOW) {
      this.begin(key, now);
      return 1 + (run?.held ?? 0);
    }
    if (run.told < SINGLY) {
      run.told++;
      return 1;
    }
    run.held++;
    return 0;
  }

  private begin(key: string, since: number): void {
    this.runs.delete(key);
    makeRoom(this.runs, MAX_RUNS);
    this.runs.set(key, { since, told: 1, held: 0 });
  }
}
