/** The text that a scrape gets: the figures of requests and what prom-client holds, in the format that is asked for. */
import type { RequestFigures, Times } from './figures.ts';
import { Registry } from './prom.ts';

export interface Exposition {
  readonly type: string;
  readonly body: string;
}

interface Figures {
  readonly requests: RequestFigures;
  readonly overhead: Times;
}

/** `rest` is prom-client's text; `epoch` turns the clock of the figures into milliseconds since the epoch. */
export function expose(
  figures: Figures,
  rest: string,
  accept: string | undefined,
  epoch: number,
): Exposition {
  if (!prefersOpenMetrics(accept))
    return { type: Registry.PROMETHEUS_CONTENT_TYPE, body: `${own(figures, undefined)}\n${rest}` };
  return { type: Registry.OPENMETRICS_CONTENT_TYPE, body: `${own(figures, epoch)}${openMetrics(rest)}` };
}

function own({ requests, overhead }: Figures, epoch: number | undefined): string {
  const name = 'railguard_overhead_seconds';
  const help = 'Time from request to response head spent outside the upstream.';
  const lines = overhead.lines(name, '', undefined);
  return `${requests.text(epoch)}# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines}`;
}

function prefersOpenMetrics(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return quality(accept, 'application/openmetrics-text') > quality(accept, 'text/plain');
}

/** The q value an Accept header gives a media type, wildcards aside; 0 when it is not named (RFC 9110 §12.4.2). */
function quality(accept: string, type: string): number {
  for (const member of accept.split(',')) {
    const [name, ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const value = q === undefined ? 1 : Number(q.slice(2));
    return Number.isFinite(value) ? value : 0;
  }
  return 0;
}

/**
 * prom-client's own OpenMetrics output renames its counters for good, so a later plain scrape would lose
 * their `_total`. The two texts differ in three things alone: counter family names, blank lines, the end mark.
 */
function openMetrics(text: string): string {
  const families = text.replace(
    /^# HELP (\S+)_total (.*)\n# TYPE \1_total counter$/gm,
    '# HELP $1 $2\n# TYPE $1 counter',
  );
  return `${families.replace(/\n{2,}/g, '\n').trimEnd()}\n# EOF\n`;
}
