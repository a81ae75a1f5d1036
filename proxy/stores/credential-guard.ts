/** Bounds how often one client may present credentials that fail, before they cost a verification. */
import type { Decision, Policy } from './gcra.ts';
import { KeyHash } from './key-hash.ts';
import type { MemoryStore } from './memory.ts';

/** Credentials that verified lately and are remembered: a power of two. */
const MARKS = 16_384;
/** Longer ones are not remembered: hashing them would cost what the guard is to save. */
const LONGEST = 4096;

/**
 * Counts failures, not attempts: a valid credential costs its address nothing, so users behind one address don't
 * share a budget. One that verified before passes even while its neighbours' failures have used theirs up.
 * It guards this process's work, so it counts in this process.
 */
export class CredentialGuard {
  private readonly memory: MemoryStore;
  private readonly policy: Policy;
  private readonly hash = new KeyHash();
  /** Two words a credential, the newest in its place: no credential is kept, nor can one be told from them. */
  private readonly marks = new Int32Array(MARKS * 2);

  constructor(memory: MemoryStore, policy: Policy) {
    this.memory = memory;
    this.policy = policy;
  }

  /** The refusal, when this client's failures have used up their budget and the credential is not known to be good. */
  refusal(client: string, credential: string): Decision | undefined {
    const seen = this.memory.look(client, this.policy);
    return seen.allowed || (credential.length <= LONGEST && this.marked(this.place(credential)))
      ? undefined
      : seen;
  }

  verified(credential: string): void {
    if (credential.length > LONGEST) return;
    const place = this.place(credential);
    this.marks[place] = this.hash.high;
    this.marks[place + 1] = this.hash.low;
  }

  failed(client: string, credential: string): void {
    this.memory.decide(client, this.policy);
    if (credential.length > LONGEST) return;
    const place = this.place(credential);
    if (this.marked(place)) this.marks.fill(0, place, place + 2);
  }

  private place(credential: string): number {
    this.hash.update(0, credential);
    return (this.hash.low & (MARKS - 1)) * 2;
  }

  private marked(place: number): boolean {
    return this.marks[place] === this.hash.high && this.marks[place + 1] === this.hash.low;
  }
}
