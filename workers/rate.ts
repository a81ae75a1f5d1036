/** One budget for all workers: their decisions, made by the primary, as many in one message as one turn of the loop asked for. */
import { type Decision, decision, definePolicy, type Policy } from '../proxy/stores/gcra.ts';
import type { Store } from '../proxy/stores/store.ts';
import type { Line } from './line.ts';

/** A policy as it is told before it is first used; its number stands for it from then on. */
type Introduction = readonly [
  number: number,
  name: string,
  limit: number,
  windowSeconds: number,
  burst: number,
];

interface Questions {
  readonly policies: readonly Introduction[];
  /** Number of the policy and key, by turns. */
  readonly keys: readonly (number | string)[];
}

/** Allowed (1 or 0) and microseconds ahead, by turns; -1 for a store that failed. */
type Answers = readonly number[];

interface Pending {
  readonly policy: Policy;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: Error) => void;
}

export class AskedRate implements Store {
  readonly name: Store['name'];
  private readonly line: Line;
  private readonly numbers = new Map<Policy, number>();
  private introductions: Introduction[] = [];
  private keys: (number | string)[] = [];
  private pending: Pending[] = [];

  /** `name` is that of the store which the primary asks. */
  constructor(name: Store['name'], line: Line) {
    this.name = name;
    this.line = line;
  }

  decide(key: string, policy: Policy): Promise<Decision> {
    return new Promise((resolve, reject) => {
      this.keys.push(this.numberOf(policy), key);
      if (this.pending.push({ policy, resolve, reject }) === 1) setImmediate(this.ask);
    });
  }

  close(): void {}

  private readonly ask = (): void => {
    const { introductions, keys, pending } = this;
    this.introductions = [];
    this.keys = [];
    this.pending = [];
    this.line.ask<Answers>('rate', { policies: introductions, keys } satisfies Questions).then(
      (answers) => {
        for (const [i, { policy, resolve, reject }] of pending.entries()) {
          const allowed = answers[i * 2] as number;
          if (allowed < 0) reject(new Error('the store of the primary failed'));
          else resolve(decision(allowed === 1, answers[i * 2 + 1] as number, policy));
        }
      },
      (error: Error) => {
        for (const { reject } of pending) reject(error);
      },
    );
  };

  private numberOf(policy: Policy): number {
    const known = this.numbers.get(policy);
    if (known !== undefined) return known;
    const number = this.numbers.size;
    this.numbers.set(policy, number);
    const { name, limit, windowSeconds, burst } = policy;
    this.introductions.push([number, name, limit, windowSeconds, burst]);
    return number;
  }
}

/** The primary's side: answers every line from one store. */
export class RateDesk {
  private readonly store: Store;
  /** One object a policy, whichever worker spoke of it: the store keeps its keys by it. */
  private readonly policies = new Map<string, Policy>();

  constructor(store: Store) {
    this.store = store;
  }

  serve(line: Line): void {
    const known: Policy[] = [];
    line.on<Questions>('rate', ({ policies, keys }) => {
      for (const [number, ...introduced] of policies) known[number] = this.policy(...introduced);
      // A decision that fails leaves its answer as it is.
      const answers = new Array<number>(keys.length).fill(-1);
      const late: Promise<void>[] = [];
      for (let i = 0; i < keys.length; i += 2) {
        const given = this.store.decide(keys[i + 1] as string, known[keys[i] as number] as Policy);
        if (given instanceof Promise) late.push(given.then(note(answers, i), () => undefined));
        else note(answers, i)(given);
      }
      return late.length === 0 ? answers : Promise.all(late).then(() => answers);
    });
  }

  private policy(name: string, limit: number, windowSeconds: number, burst: number): Policy {
    const key = JSON.stringify([name, limit, windowSeconds, burst]);
    let policy = this.policies.get(key);
    if (policy === undefined) {
      policy = definePolicy(name, limit, windowSeconds, burst);
      this.policies.set(key, policy);
    }
    return policy;
  }
}

const note =
  (answers: number[], at: number) =>
  ({ allowed, resetMs }: Decision): void => {
    answers[at] = allowed ? 1 : 0;
    // Whole microseconds again: milliseconds are a quotient of them.
    answers[at + 1] = Math.round(resetMs * 1000);
  };
