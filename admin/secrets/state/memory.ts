/** Keeps what was seen for as long as the process lives: for development, and where nothing else is. */
import type { Clock } from '../../../core/clock.ts';
import { type Kept, merge, type Row, type SecretState, type Sighting } from './state.ts';

export class MemoryState implements SecretState {
  readonly kind = 'memory';
  readonly ready = true;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly rows = new Map<string, readonly Row[]>();
  private kept: string | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  async pepper(candidate: string): Promise<string> {
    this.kept ??= candidate;
    return this.kept;
  }

  async read(environment: string): Promise<Kept> {
    return { now: this.clock.now(), rows: this.rows.get(environment) ?? [] };
  }

  async write(environment: string, sightings: readonly Sighting[]): Promise<ReadonlySet<string>> {
    const { rows, added } = merge(this.rows.get(environment) ?? [], sightings, this.clock.now());
    this.rows.set(environment, rows);
    return added;
  }
}
