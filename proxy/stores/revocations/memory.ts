/** Revocations of this process alone, gone with it. */
import { MAX_REVOCATIONS, type News, type Revocation, type RevocationStore } from './store.ts';

export class MemoryRevocations implements RevocationStore {
  readonly name = 'memory';
  readonly shared = false;
  private readonly kept = new Map<number, Revocation>();
  private readonly capacity: number;
  private last = 0;

  constructor(capacity = MAX_REVOCATIONS) {
    this.capacity = capacity;
  }

  add(revocation: Revocation): Promise<void> {
    if (this.kept.size >= this.capacity) return Promise.reject(new Error('the store of revocations is full'));
    this.kept.set(++this.last, revocation);
    return Promise.resolve();
  }

  news(epoch: string, mark: number): Promise<News> {
    const from = epoch === 'process' ? mark : 0;
    const revocations = [...this.kept].filter(([at]) => at > from).map(([, revocation]) => revocation);
    return Promise.resolve({ epoch: 'process', mark: this.last, revocations });
  }

  purge(now: number): Promise<void> {
    for (const [at, { expiresAt }] of this.kept) if (expiresAt <= now) this.kept.delete(at);
    return Promise.resolve();
  }
}
