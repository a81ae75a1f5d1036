/** The outcome for people: one line a check, then what to do, then the verdict. */
import { CATEGORIES, type Severity } from './check.ts';
import type { Issue, Report, Result, Status } from './report.ts';
import { statusOf } from './report.ts';

const MARK: Readonly<Record<Status | 'recommendation', string>> = {
  healthy: '✓',
  recommendation: '·',
  warning: '!',
  critical: '✗',
};
const COLOUR: Readonly<Record<Status | 'recommendation', string>> = {
  healthy: '32',
  recommendation: '36',
  warning: '33',
  critical: '31',
};
const TITLES: Readonly<Record<Severity, string>> = {
  critical: 'Critical issues',
  warning: 'Warnings',
  recommendation: 'Recommendations',
};

export function textOf(report: Report, results: readonly Result[], colour: boolean): string {
  const paint = (text: string, code: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = ({ row, issues }: Result): string[] => {
    const kind = kindOf(issues);
    const mark = paint(MARK[kind], COLOUR[kind]);
    if (issues.length === 0) return [`  ${mark} ${row.id.padEnd(28)} ${row.holds}`];
    return issues.map(({ message }) => `  ${mark} ${row.id.padEnd(28)} ${message}`);
  };
  const parts = CATEGORIES.map((category) => {
    const { status, score } = report.checks[category];
    const title = `${category.replace('_', ' ')}: ${paint(status, COLOUR[status])} (${score}/100)`;
    return [paint(title, '1'), ...results.filter(({ row }) => row.category === category).flatMap(line), ''];
  });
  const lists = (Object.keys(TITLES) as Severity[]).flatMap((severity) => listed(severity, results, paint));
  return [...parts.flat(), ...lists, ...checklist(results, paint), verdict(report, paint), ''].join('\n');
}

const kindOf = (issues: readonly Issue[]): Status | 'recommendation' => {
  const status = statusOf(issues);
  return status === 'healthy' && issues.length > 0 ? 'recommendation' : status;
};

type Paint = (text: string, code: string) => string;

function listed(severity: Severity, results: readonly Result[], paint: Paint): string[] {
  const issues = results.flatMap((one) => one.issues).filter((one) => one.severity === severity);
  if (issues.length === 0) return [];
  return [
    paint(`${TITLES[severity]} (${issues.length})`, '1'),
    ...issues.flatMap(({ id, message, reason, mend }) => [
      `  ${paint(id, COLOUR[severity])}: ${message}`,
      `      why:  ${reason}`,
      `      mend: ${mend}`,
    ]),
    '',
  ];
}

/** What an operator ticks off before the deployment: each line holds when all of its checks do. */
const CHECKLIST: readonly (readonly [string, RegExp])[] = [
  ['every variable can be read', /-settings$/],
  ['secrets are set, strong and of their own', /^secret-/],
  ['tokens are verified at the edge', /^(jwt|session|lockout|identity|secret-missing)/],
  ['hosts, origins and headers are closed', /^(hosts|cors|csp|hsts|security-headers|cookies)/],
  [
    'the app can be reached through railguard alone',
    /^(upstream-public|app-domain|admin-public|live-app-domain)/,
  ],
  ['the database has room for every pool', /^(database-pool|live-database)/],
  ['limits are on and enforced', /^(rate-limit|report-mode|body-)/],
  ['errors, logs and metrics arrive somewhere', /^(sentry|json-logs|log-|metrics|live-sentry)/],
  [
    'a deployment drains and starts as it should',
    /^(draining|overlap|start-|health-path|railpack|port|host-un)/,
  ],
];

function checklist(results: readonly Result[], paint: Paint): string[] {
  const lines = CHECKLIST.map(([title, ids]) => {
    const bad = results.some(
      ({ row, issues }) => ids.test(row.id) && issues.some((one) => one.severity !== 'recommendation'),
    );
    return bad ? `  ${paint('[ ]', '33')} ${title}` : `  ${paint('[x]', '32')} ${title}`;
  });
  return [paint('Checklist', '1'), ...lines, ''];
}

function verdict(report: Report, paint: Paint): string {
  const { critical_issues, warnings, overall_status, score, ready_for_deployment } = report;
  const ready = ready_for_deployment ? 'Ready for deployment' : 'Not ready for deployment';
  const counts = `${critical_issues.length} critical, ${plural(warnings.length, 'warning')}`;
  return paint(`${ready}: ${overall_status}, ${counts}, score ${score}/100.`, `1;${COLOUR[overall_status]}`);
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
