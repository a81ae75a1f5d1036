/** Reads one line of an app: a JSON object keeps its level, message and fields; any other text gets a level from its words. */
import type { Level } from '../core/logger.ts';

export type StreamName = 'stdout' | 'stderr';

export interface AppEvent {
  readonly level: Level;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

const LEVELS: Readonly<Record<string, Level>> = {
  trace: 'debug',
  debug: 'debug',
  verbose: 'debug',
  info: 'info',
  information: 'info',
  notice: 'info',
  log: 'info',
  success: 'info',
  warn: 'warn',
  warning: 'warn',
  err: 'error',
  error: 'error',
  exception: 'error',
  critical: 'error',
  crit: 'error',
  fatal: 'error',
  panic: 'error',
  alert: 'error',
  emergency: 'error',
};

/** A level word that stands as one: bracketed, or before a colon, bar or dash, or alone in capitals near the start. */
const WORD =
  /(?:^|[\s[(|-])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)(?=$|[\s\]):|,-])|^\[?(trace|debug|info|notice|warn|warning|error|critical|fatal|panic)\]?:/;
/** Characters looked through for one. */
const WORD_REACH = 160;

export function readLine(text: string, stream: StreamName): AppEvent {
  const json = text.charCodeAt(0) === 123 ? parseObject(text) : undefined;
  if (json !== undefined) return fromObject(json, stream);
  const word = WORD.exec(text.length > WORD_REACH ? text.slice(0, WORD_REACH) : text);
  const level = word === null ? undefined : LEVELS[(word[1] ?? word[2] ?? '').toLowerCase()];
  return { level: level ?? fallback(stream), message: text, facts: { stream } };
}

/** What a line says of itself nowhere: Railway reads stderr as errors, and so do we. */
const fallback = (stream: StreamName): Level => (stream === 'stderr' ? 'error' : 'info');

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const MESSAGE_KEYS = ['message', 'msg', 'event', 'text'];
const LEVEL_KEYS = ['level', 'severity', 'levelname', 'log_level', 'lvl'];

function fromObject(json: Record<string, unknown>, stream: StreamName): AppEvent {
  const { stream: streamOfApp, ...fields } = json;
  const messageKey = MESSAGE_KEYS.find((key) => typeof json[key] === 'string');
  const levelKey = LEVEL_KEYS.find((key) => readLevel(json[key]) !== undefined);
  if (messageKey !== undefined) delete fields[messageKey];
  if (levelKey !== undefined) delete fields[levelKey];
  return {
    level: (levelKey && readLevel(json[levelKey])) || fallback(stream),
    message: messageKey === undefined ? '' : (json[messageKey] as string),
    facts: { stream, ...(streamOfApp !== undefined && { app_stream: streamOfApp }), ...fields },
  };
}

/** A word, or a number as pino and bunyan count: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
function readLevel(value: unknown): Level | undefined {
  if (typeof value === 'string') return LEVELS[value.toLowerCase()];
  if (typeof value !== 'number') return undefined;
  if (value < 30) return 'debug';
  if (value < 40) return 'info';
  return value < 50 ? 'warn' : 'error';
}
