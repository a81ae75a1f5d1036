/** Structured log lines: one JSON object a line, redacted as it stands on the wire, in one order of keys. */
import pino from 'pino';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { escapeRaw, prettyLine } from './log-pretty.ts';
import type { Level, Sink } from './log-sink.ts';
import { loggable } from './log-value.ts';

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
  /** Would a line of this level be written? Ask before computing costly facts. */
  enabled(level: Level): boolean;
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
  readonly clock?: Clock;
  /** Colours in readable lines. */
  readonly colour?: boolean;
}

const RANK: Record<Level, number> = { debug: 20, info: 30, warn: 40, error: 50 };
const LEVEL: Record<number, Level> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
const OURS: ReadonlySet<string> = new Set(['level', 'time', 'message', 'event_type']);

export function createLog(options: LogOptions): Log {
  const { sink, redact, json } = options;
  const clock = options.clock ?? systemClock;
  const colour = options.colour ?? false;
  const streamWrite = (line: string): string => {
    const clean = escapeRaw(redacted(line, redact));
    return json ? clean : prettyLine(clean, colour);
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      // Errors are described by loggable; pino must not read a message out of a fact.
      errorKey: '\u0000',
      serializers: { err: (value: unknown) => value },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite },
    },
    levelled(sink),
  );
  const least = RANK[options.level];
  const line = (level: Level) => (eventType: EventType, message: string, facts?: Facts) => {
    if (RANK[level] >= least) logger[level](entry(eventType, message, facts));
  };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    enabled: (level) => RANK[level] >= least,
    flush: () => sink.flush(),
  };
}

/** Where pino writes: it leaves the level of each line in `lastLevel` before the line itself. */
function levelled(sink: Sink) {
  return {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: RANK.info,
    write(line: string) {
      sink.write(LEVEL[this.lastLevel] ?? 'info', line);
    },
  };
}

function entry(eventType: EventType, message: string, facts: Facts | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {
    message: loggable(message),
    event_type: eventType,
    correlation_id: undefined,
  };
  if (facts === undefined) return out;
  try {
    for (const key of Object.keys(facts)) {
      if (key === '__proto__') continue;
      out[OURS.has(key) ? `fact_${key}` : key] = fact(facts, key);
    }
  } catch {
    out.facts = '[unreadable]';
  }
  return out;
}

function fact(facts: Facts, key: string): unknown {
  try {
    return loggable(facts[key]);
  } catch {
    return '[unreadable]';
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
