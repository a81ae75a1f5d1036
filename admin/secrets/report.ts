/** The document of `GET /health/secrets`: nothing in it tells a value, or a part, length or fingerprint of one. */
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import { ROTATION_DAYS, SECRET_CATEGORIES, type SecretCategory } from '../../config/secrets.ts';
import { advice, type Finding, remedy, type Severity, severityOf } from './findings.ts';
import type { Inspection } from './inspection.ts';
import type { Rotation } from './rotation.ts';

export interface SecretEntry {
  readonly name: string;
  readonly configured: boolean;
  readonly format: Inspection['format'];
  readonly score: number | null;
  readonly findings: readonly Finding[];
  readonly age_days: number | null;
  readonly age_source: Rotation['age_source'];
  readonly rotate_by: string | null;
  readonly rotation: Rotation['rotation'];
}

type ByCategory<T> = Readonly<Record<SecretCategory, T>>;

export interface SecretsReport {
  readonly status: Severity;
  readonly timestamp: string;
  readonly summary: {
    readonly managed: number;
    readonly configured: number;
    readonly missing: number;
    readonly weak: number;
    readonly invalid: number;
    readonly rotation_due: number;
  };
  readonly categories: ByCategory<readonly SecretEntry[]>;
  readonly category_status: ByCategory<Severity>;
  readonly rotation_schedule: ByCategory<number>;
  readonly recommendations: readonly string[];
}

/** All that is known of one secret. */
export interface Known {
  readonly secret: ManagedSecret;
  readonly inspection: Inspection;
  readonly rotation: Rotation;
}

export interface ReportContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly production: boolean;
  /** Why ages are not known, when the place where they are kept can't be reached. */
  readonly stateProblem: string | undefined;
}

const WEAK = 60;
const FEW_PROVIDERS = 2;
const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, healthy: 2 };
const worst = (all: readonly Severity[]): Severity =>
  all.reduce<Severity>((found, one) => (RANK[one] < RANK[found] ? one : found), 'healthy');

interface Remark {
  readonly category: SecretCategory;
  readonly severity: Severity;
  readonly text: string;
}

export function reportOn(known: readonly Known[], context: ReportContext): SecretsReport {
  const remarks = [...known.flatMap((one) => remarksOn(one, context)), ...providers(known)];
  remarks.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  const entries = known.map((one) => ({ category: one.secret.category, entry: entryOf(one) }));
  const recommendations = remarks.map(({ text }) => text);
  const { stateProblem } = context;
  if (stateProblem !== undefined) recommendations.push(stateProblem);
  const statuses = byCategory((category) =>
    worst(remarks.filter((one) => one.category === category).map(({ severity }) => severity)),
  );
  const trouble: Severity = stateProblem === undefined ? 'healthy' : 'warning';
  return {
    status: worst([...Object.values(statuses), trouble]),
    timestamp: new Date(context.now).toISOString(),
    summary: summary(entries.map(({ entry }) => entry)),
    categories: byCategory((category) =>
      entries.filter((one) => one.category === category).map(({ entry }) => entry),
    ),
    category_status: statuses,
    rotation_schedule: ROTATION_DAYS,
    recommendations,
  };
}

function byCategory<T>(of: (category: SecretCategory) => T): ByCategory<T> {
  return Object.fromEntries(SECRET_CATEGORIES.map((one) => [one, of(one)])) as Record<SecretCategory, T>;
}

function entryOf({ secret, inspection, rotation }: Known): SecretEntry {
  const { age_days, age_source, rotate_by } = rotation;
  return {
    name: secret.name,
    configured: secret.value !== undefined,
    format: inspection.format,
    score: inspection.score,
    findings: [...inspection.findings, ...rotation.findings],
    age_days,
    age_source,
    rotate_by,
    rotation: rotation.rotation,
  };
}

function summary(entries: readonly SecretEntry[]): SecretsReport['summary'] {
  const count = (test: (entry: SecretEntry) => boolean): number => entries.filter(test).length;
  const configured = count((entry) => entry.configured);
  return {
    managed: entries.length,
    configured,
    missing: entries.length - configured,
    weak: count(({ score }) => score !== null && score < WEAK),
    invalid: count(({ format }) => format === 'unexpected' || format === 'placeholder'),
    rotation_due: count(({ rotation }) => rotation === 'due_soon' || rotation === 'overdue'),
  };
}

function remarksOn({ secret, inspection, rotation }: Known, { production }: ReportContext): Remark[] {
  const remark = (severity: Severity, text: string): Remark => ({
    category: secret.category,
    severity,
    text,
  });
  if (secret.value === undefined) {
    const needed = secret.needed === 'always' || (secret.needed === 'production' && production);
    return needed ? [remark('critical', `${secret.name} is not set; ${remedyFor(secret)}.`)] : [];
  }
  const remarks = [...inspection.findings, ...rotation.findings].map((finding) =>
    remark(severityOf(finding, secret, production), advice(finding, secret)),
  );
  const { age_days, rotate_by } = rotation;
  if (rotation.rotation === 'overdue') {
    const age = age_days === null ? '' : ` It is ${age_days} days old.`;
    remarks.push(
      remark('warning', `${secret.name} is older than ${secret.rotationDays} days; ${remedy(secret)}.${age}`),
    );
  }
  if (rotation.rotation === 'due_soon')
    remarks.push(
      remark('healthy', `${secret.name} is due on ${rotate_by?.slice(0, 10)}; ${remedy(secret)}.`),
    );
  return remarks;
}

const remedyFor = (secret: ManagedSecret): string =>
  secret.format === 'database' ? 'set it to the URL of the database' : remedy(secret);

function providers(known: readonly Known[]): Remark[] {
  const there = known.filter(
    ({ secret, inspection }) =>
      secret.category === 'ai_providers' && secret.value !== undefined && inspection.format !== 'placeholder',
  ).length;
  if (there >= FEW_PROVIDERS) return [];
  const text = `${there === 0 ? 'No AI provider has' : 'One AI provider alone has'} a key; set the keys of two, so that one may fail.`;
  return [{ category: 'ai_providers', severity: 'warning', text }];
}
