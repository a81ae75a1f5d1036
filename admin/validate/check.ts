/** What a check of a deployment is: one row of the table that `railguard validate` walks and docs/validate.md prints. */
import type { Subject } from './subject.ts';

export const CATEGORIES = [
  'database',
  'secrets',
  'ai_providers',
  'production',
  'monitoring',
  'security',
  'railway',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** `critical` keeps a deployment from being ready; a `recommendation` leaves it healthy. */
export type Severity = 'critical' | 'warning' | 'recommendation';

/** What a check says when it does not hold; what is left out is as the check's row has it. */
export interface Said {
  /** A sentence that names the variable or file, and never a secret's value. */
  readonly message: string;
  readonly mend?: string;
  readonly severity?: Severity;
}

/** As Railway writes a reference to a variable of another service. */
export const reference = (name: string): string => ['$', '{{', name, '}}'].join('');

export interface Row {
  readonly id: string;
  readonly category: Category;
  readonly severity: Severity;
  /** What is true when the check holds. */
  readonly holds: string;
  /** Why it matters. */
  readonly reason: string;
  /** What to do when it does not hold. */
  readonly mend: string;
}

export type Verdict = string | Said | readonly Said[] | undefined;

export interface Check extends Row {
  /** Variables it judges: a bad value of one is said by the category's `…-settings`, and not twice. */
  readonly reads?: readonly string[];
  /** False where there is nothing to judge: the check is left out then. */
  readonly applies?: (subject: Subject) => boolean;
  /** Undefined when it holds. Touches no network. */
  readonly find: (subject: Subject) => Verdict;
}

/** What a probe saw; without `said` it holds. */
export interface Seen {
  readonly said?: Verdict;
  /** Shown under the category's details. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

export interface Probe extends Row {
  readonly applies: (subject: Subject) => boolean;
  /** Ends within some seconds whatever it meets; what it throws is said. */
  readonly look: (subject: Subject) => Promise<Seen>;
}
