/** The outcome as a document: what `--json` prints, and what the text is made from. */
import { CATEGORIES, type Category, type Row, type Said, type Severity, type Verdict } from './check.ts';

export type Status = 'healthy' | 'warning' | 'critical';

export interface Issue {
  readonly id: string;
  readonly severity: Severity;
  readonly message: string;
  readonly reason: string;
  readonly mend: string;
}

export interface CategoryReport {
  readonly status: Status;
  /** 0 to 100. */
  readonly score: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly issues: readonly Issue[];
}

export interface Report {
  readonly timestamp: string;
  readonly overall_status: Status;
  readonly ready_for_deployment: boolean;
  readonly score: number;
  readonly checks: Readonly<Record<Category, CategoryReport>>;
  readonly critical_issues: readonly string[];
  readonly warnings: readonly string[];
  readonly recommendations: readonly string[];
}

/** A row and what came of it. */
export interface Result {
  readonly row: Row;
  readonly issues: readonly Issue[];
  readonly figures: Readonly<Record<string, unknown>>;
}

const COST: Readonly<Record<Severity, number>> = { critical: 50, warning: 15, recommendation: 5 };
const RANK: Readonly<Record<Status, number>> = { healthy: 0, warning: 1, critical: 2 };
const STATUS: Readonly<Record<Severity, Status>> = {
  critical: 'critical',
  warning: 'warning',
  recommendation: 'healthy',
};

export const worst = (all: readonly Status[]): Status =>
  all.reduce((found, one) => (RANK[one] > RANK[found] ? one : found), 'healthy');

/** What a verdict comes to: nothing when it holds. */
export function issuesOf(row: Row, verdict: Verdict): Issue[] {
  const said = verdict === undefined ? [] : Array.isArray(verdict) ? (verdict as readonly Said[]) : [verdict];
  return said.map((one) => {
    const {
      message,
      mend = row.mend,
      severity = row.severity,
    } = typeof one === 'string' ? { message: one } : (one as Said);
    return { id: row.id, severity, message, reason: row.reason, mend };
  });
}

export const statusOf = (issues: readonly Issue[]): Status =>
  worst(issues.map(({ severity }) => STATUS[severity]));

/** `details`: figures of each category beside those of its checks. */
export function reportOf(
  results: readonly Result[],
  details: Readonly<Partial<Record<Category, Readonly<Record<string, unknown>>>>>,
  now: Date,
): Report {
  const checks = Object.fromEntries(
    CATEGORIES.map((category) => [category, categoryReport(category, results, details[category] ?? {})]),
  ) as Record<Category, CategoryReport>;
  const all = CATEGORIES.flatMap((category) =>
    checks[category].issues.map((issue) => ({
      ...issue,
      text: `${category}: ${issue.message} ${issue.mend}`,
    })),
  );
  const of = (severity: Severity): string[] =>
    all.filter((one) => one.severity === severity).map(({ text }) => text);
  const status = worst(Object.values(checks).map((one) => one.status));
  const scores = Object.values(checks).map(({ score }) => score);
  return {
    timestamp: now.toISOString(),
    overall_status: status,
    ready_for_deployment: status !== 'critical',
    score: Math.round(scores.reduce((sum, one) => sum + one, 0) / scores.length),
    checks,
    critical_issues: of('critical'),
    warnings: of('warning'),
    recommendations: of('recommendation'),
  };
}

function categoryReport(
  category: Category,
  results: readonly Result[],
  details: Readonly<Record<string, unknown>>,
): CategoryReport {
  const own = results.filter(({ row }) => row.category === category);
  const issues = own.flatMap((one) => one.issues);
  const figures = Object.assign({}, ...own.map((one) => one.figures)) as Record<string, unknown>;
  return {
    status: statusOf(issues),
    score: Math.max(0, 100 - issues.reduce((sum, { severity }) => sum + COST[severity], 0)),
    details: {
      checks_run: own.length,
      checks_failed: own.filter((one) => one.issues.length > 0).length,
      ...details,
      ...figures,
    },
    issues,
  };
}
