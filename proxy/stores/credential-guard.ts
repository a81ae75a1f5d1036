/** Bounds how often one client may present credentials that fail, before they cost a verification. */
import type { Decision, Policy } from './gcra.ts';
import { KeyHash } from './key-hash.ts';
import type { MemoryStore } from './memory.ts';

/** Credentials that verified lately and are remembered: a power of two. */
const MARKS = 16_384;
/** Longer ones are not remembered: hashing them would cost what the guard is to save. */
const LONGEST = 4096;

/** What a client presents, as one object for as long as it presents it in the same head. */
export interface Presented {
  readonly text: string;
  /** Its hash, kept here by the guard. */
  mark?: { readonly high: number; readonly low: number };
}

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
  refusal(client: string, credential: Presented): Decision | undefined {
    const seen = this.memory.look(client, this.policy);
    return seen.allowed || this.remembers(credential) ? undefined : seen;
  }

  verified(credential: Presented): void {
    if (credential.text.length > LONGEST) return;
    const { high, low } = this.mark(credential);
    const place = placeOf(low);
    this.marks[place] = high;
    this.marks[place + 1] = low;
  }

  failed(client: string, credential: Presented): void {
    this.memory.decide(client, this.policy);
    if (!this.remembers(credential)) return;
    const place = placeOf(this.mark(credential).low);
    this.marks.fill(0, place, place + 2);
  }

  private remembers(credential: Presented): boolean {
    if (credential.text.length > LONGEST) return false;
    const { high, low } = this.mark(credential);
    const place = placeOf(low);
    return this.marks[place] === high && this.marks[place + 1] === low;
  }

  private mark(credential: Presented): NonNullable<Presented['mark']> {
    if (credential.mark === undefined) {
      const { hash } = this;
      hash.update(0, credential.text);
      credential.mark = { high: hash.high, low: hash.low };
    }
    return credential.mark;
  }
}

const placeOf = (low: number): number => (low & (MARKS - 1)) * 2;
