/** Structured log lines: one JSON object a line, redacted as it stands on the wire, in one order of keys. */
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { LineBudget } from './log-budget.ts';
import { DropReport } from './log-drops.ts';
import { escapeRaw, prettyLine } from './log-pretty.ts';
import type { Level, Sink } from './log-sink.ts';
import { loggable } from './log-value.ts';
import type { Reporter } from './reporter.ts';

export type { Level } from './log-sink.ts';

export type EventType =
  | 'request_performance'
  | 'authentication'
  | 'api_key_usage'
  | 'permission_check'
  | 'session'
  | 'rate_limit'
  | 'refusal'
  | 'secret_rotation'
  | 'csp_violation'
  | 'upstream_error'
  | 'app_log'
  | 'lifecycle';

type Facts = Readonly<Record<string, unknown>>;

/** Nothing here ever throws, whatever the facts hold. */
export interface Log {
  debug(eventType: EventType, message: string, facts?: Facts): void;
  info(eventType: EventType, message: string, facts?: Facts): void;
  warn(eventType: EventType, message: string, facts?: Facts): void;
  error(eventType: EventType, message: string, facts?: Facts): void;
  /**
   * Writes a line of which all is ready but its level and its time: members as JSON from `message` on, closed, and
   * nothing in them to be hidden. Asks neither level nor limit; only who writes the same again and again needs it.
   */
  ready(level: Level, members: string): void;
  /** Would a line of this level be written? Ask before computing costly facts. */
  enabled(level: Level): boolean;
  /**
   * Lines a second, when they are limited. Info lines ask it by themselves, `request_performance` excepted: who
   * writes those asks before their facts are built.
   */
  readonly budget?: Pick<LineBudget, 'admits'>;
  /** Resolves when the lines so far have left, or after 2 s. */
  flush(): Promise<void>;
}

export interface LogOptions {
  readonly level: Level;
  /** One JSON object a line; else one readable line each. */
  readonly json: boolean;
  /** Stands on the serialised line, before anything leaves the process. */
  readonly redact: (line: string) => string;
  readonly sink: Sink;
  /** Told of every error of railguard that is logged; the app's own lines are none. */
  readonly reporter?: Pick<Reporter, 'error'> | undefined;
  /** No limit when absent. */
  readonly budget?: LineBudget | undefined;
  readonly clock?: Clock;
  /** Colours in readable lines. */
  readonly colour?: boolean;
}

const RANK: Record<Level, number> = { debug: 20, info: 30, warn: 40, error: 50 };
const OURS: ReadonlySet<string> = new Set(['level', 'time', 'message', 'event_type']);
/** Info lines that no limit drops: what an auditor or an operator would miss, and what asked before it was built. */
const KEPT: ReadonlySet<EventType> = new Set<EventType>([
  'authentication',
  'api_key_usage',
  'permission_check',
  'session',
  'secret_rotation',
  'lifecycle',
  'request_performance',
]);

/** What a child says for itself, and the line of a request whose failure was logged by who met it. */
const UNREPORTED: ReadonlySet<EventType> = new Set<EventType>(['app_log', 'request_performance']);

export function createLog(options: LogOptions): Log {
  const { sink, redact, json, budget, reporter } = options;
  const clock = options.clock ?? systemClock;
  const colour = options.colour ?? false;
  const least = RANK[options.level];
  let lastTime = Number.NaN;
  let time = '';
  const stamp = (): string => {
    const now = clock.now();
    if (now !== lastTime) {
      lastTime = now;
      time = new Date(now).toISOString();
    }
    return time;
  };
  const write = (level: Level, eventType: EventType, message: string, facts: Facts | undefined): void => {
    const head = `{"level":"${level}","time":"${stamp()}","message":${text(loggable(message))}`;
    const line = `${head},"event_type":"${eventType}"${members(facts)}}\n`;
    leave(level, escapeRaw(redacted(line, redact)));
  };
  const leave = (level: Level, clean: string): void => {
    budget?.wrote();
    sink.write(level, json ? clean : prettyLine(clean, colour));
  };
  const spare = (level: Level, eventType: EventType): boolean => {
    if (budget === undefined || RANK[level] > RANK.info || KEPT.has(eventType)) return true;
    return budget.admits(level === 'debug' ? 'first' : 'next');
  };
  const line = (level: Level) => (eventType: EventType, message: string, facts?: Facts) => {
    if (RANK[level] >= least && spare(level, eventType)) write(level, eventType, message, facts);
  };
  const error = line('error');
  const drops = new DropReport([sink.dropped, ...(budget ? [budget.dropped] : [])], (message, dropped) =>
    write('warn', 'lifecycle', message, { dropped }),
  );
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error:
      reporter === undefined
        ? error
        : (eventType, message, facts = {}) => {
            error(eventType, message, facts);
            if (!UNREPORTED.has(eventType)) reporter.error(eventType, message, facts);
          },
    ready: (level, members) => leave(level, `{"level":"${level}","time":"${stamp()}",${members}\n`),
    enabled: (level) => RANK[level] >= least,
    ...(budget && { budget }),
    flush() {
      drops.look('since the last report');
      return sink.flush();
    },
  };
}

/** Text that JSON writes between quotes as it stands: most of what is logged. */
const PLAIN = /^[ !#-[\]-~]*$/;
const text = (value: unknown): string =>
  typeof value === 'string' && PLAIN.test(value) ? `"${value}"` : (JSON.stringify(value) ?? 'null');

/** The facts as JSON members, each after a comma, the correlation id first. */
function members(facts: Facts | undefined): string {
  if (facts === undefined) return '';
  try {
    let out = member('correlation_id', facts);
    for (const key of Object.keys(facts)) {
      if (key !== '__proto__' && key !== 'correlation_id') out += member(key, facts);
    }
    return out;
  } catch {
    return ',"facts":"[unreadable]"';
  }
}

function member(key: string, facts: Facts): string {
  const name = OURS.has(key) ? `"fact_${key}"` : text(key);
  try {
    const value = facts[key];
    if (typeof value === 'number') return `,${name}:${Number.isFinite(value) ? value : 'null'}`;
    const fit = loggable(value);
    return fit === undefined ? '' : `,${name}:${text(fit)}`;
  } catch {
    return `,${name}:"[unreadable]"`;
  }
}

/** A redactor that fails, or breaks the line, costs the line's content: never the process, never a leak. */
function redacted(line: string, redact: (line: string) => string): string {
  try {
    const clean = redact(line);
    if (clean === line) return line;
    JSON.parse(clean);
    return clean.endsWith('\n') ? clean : `${clean}\n`;
  } catch {
    const level =
      /^\{"level":"(?:debug|info|warn|error)","time":"[\dTZ:.-]+"/.exec(line)?.[0] ?? '{"level":"error"';
    return `${level},"message":"log line withheld: it could not be redacted","event_type":"lifecycle"}\n`;
  }
}
