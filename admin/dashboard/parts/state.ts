/** The state in one sentence, and each check with the figure that tells most. */
import type { CheckResult, Status } from '../../health/check.ts';
import type { Comprehensive } from '../../health/comprehensive.ts';
import { milliseconds, percent, plural } from '../format.ts';
import { type Html, html, prose } from '../html.ts';

export const TITLES: Readonly<Record<string, string>> = {
  upstream: 'App',
  performance: 'Performance',
  system: 'System',
  database: 'Database',
  components: 'Components',
  secrets: 'Secrets',
  ai_providers: 'AI providers',
};

/** The shape says it as well as the colour. */
export function mark(status: Status): Html {
  const shape =
    status === 'healthy'
      ? html`<circle cx="6" cy="6" r="4.5"/>`
      : status === 'warning'
        ? html`<path d="M6 1 11.4 10.6H.6Z"/>`
        : html`<path d="M1.5 1.5h9v9h-9Z"/>`;
  return html`<svg class="mark ${status}" viewBox="0 0 12 12" aria-hidden="true">${shape}</svg>`;
}

export function verdict({ status, checks }: Comprehensive): Html {
  const all = Object.entries(checks);
  const bad = all.filter(([, check]) => check.status !== 'healthy');
  const critical = bad.filter(([, check]) => check.status === 'critical');
  const title =
    status === 'healthy'
      ? 'All is well'
      : status === 'critical'
        ? `Critical: ${names(critical)}`
        : `Attention: ${names(bad)}`;
  const worstFirst = [...critical, ...bad.filter(([, check]) => check.status === 'warning')];
  const reasons = worstFirst.map(
    ([name, check]) =>
      html`<li>${mark(check.status)}<b>${TITLES[name] ?? name}</b> <span>${prose(check.message ?? check.status)}</span></li>`,
  );
  return html`<h1 class="${status}">${mark(status)}<span>${title}</span></h1>${bad.length > 0 && html`<ul class="reasons">${reasons}</ul>`}`;
}

function names(some: readonly (readonly [string, CheckResult])[]): string {
  const all = some.map(([name]) => TITLES[name] ?? name);
  return all.length > 2 ? `${all.length} checks` : all.join(' and ');
}

export function checks({ checks }: Comprehensive): Html {
  const order = Object.keys(TITLES).filter((name) => checks[name] !== undefined);
  const cells = order.map((name) => {
    const check = checks[name] as CheckResult;
    return html`<li>${mark(check.status)}<b>${TITLES[name]}</b><span class="word">${check.status}</span><span class="fact">${fact(name, check)}</span></li>`;
  });
  return html`<ul class="checks">${cells}</ul>`;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

function fact(name: string, check: CheckResult): string {
  switch (name) {
    case 'upstream':
      return `${plural(number(check.active), 'call')} open, ${number(check.idle)} idle`;
    case 'performance':
      return `p95 ${milliseconds(check.p95 as number | null)}, ${percent(number(check.error_rate))} errors`;
    case 'system':
      return systemFact(check);
    case 'database':
      if (check.configured !== true) return 'none configured';
      return check.size === undefined ? 'no answer' : `${plural(number(check.size), 'connection')}`;
    case 'components':
      return componentsFact(check);
    case 'secrets':
      return check.watched === true
        ? `${number(check.configured)} of ${number(check.managed)} set`
        : 'not watched';
    default:
      return Array.isArray(check.configured) ? plural(check.configured.length, 'key') : 'not watched';
  }
}

function systemFact({ memory, cpu }: CheckResult): string {
  const of = (part: unknown): string =>
    typeof part === 'object' && part !== null
      ? `${Math.round((part as { percent: number }).percent)} %`
      : '–';
  return `memory ${of(memory)}, CPU ${of(cpu)}`;
}

function componentsFact({ filters, report_only }: CheckResult): string {
  const on = Object.values((filters ?? {}) as Record<string, { state: string }>).filter(
    ({ state }) => state === 'on',
  );
  const reporting = Array.isArray(report_only) ? report_only.length : 0;
  return `${plural(on.length, 'filter')} on${reporting === 0 ? '' : `, ${reporting} reporting`}`;
}
