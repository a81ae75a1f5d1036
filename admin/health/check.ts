/** What a health check is and says. */

export type Status = 'healthy' | 'warning' | 'critical';

export interface CheckResult {
  readonly status: Status;
  /** A plain sentence when not healthy; safe to show. */
  readonly message?: string;
  /** Figures, and the thresholds they are held against. */
  readonly [figure: string]: unknown;
}

export interface HealthCheck {
  readonly name: string;
  /** May take its time, and may throw: the runner bounds both. */
  run(): CheckResult | Promise<CheckResult>;
}

const RANK: Readonly<Record<Status, number>> = { healthy: 0, warning: 1, critical: 2 };

export const worst = (statuses: readonly Status[]): Status =>
  statuses.reduce((bad, one) => (RANK[one] > RANK[bad] ? one : bad), 'healthy');

/** One finding of a check that looks at several things. */
export interface Finding {
  readonly status: Status;
  readonly message: string;
}

/** The status and message of all findings: the worst decides, and is spoken of first. */
export function judged(findings: readonly Finding[]): { status: Status; message?: string } {
  const bad = findings.filter(({ status }) => status !== 'healthy');
  if (bad.length === 0) return { status: 'healthy' };
  const sorted = bad.toSorted((a, b) => RANK[b.status] - RANK[a.status]);
  return {
    status: (sorted[0] as Finding).status,
    message: sorted.map(({ message }) => message).join(' '),
  };
}

export interface Threshold {
  readonly warning: number;
  /** Absent where nothing is bad enough to be critical. */
  readonly critical?: number;
}

export const over = (value: number, { warning, critical }: Threshold): Status =>
  critical !== undefined && value >= critical ? 'critical' : value >= warning ? 'warning' : 'healthy';
