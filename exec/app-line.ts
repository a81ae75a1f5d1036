/** Reads one line of an app: a JSON object keeps its level, message and fields; any other text gets a level from its words. */
import type { Level } from '../core/logger.ts';

export type StreamName = 'stdout' | 'stderr';

export interface AppEvent {
  readonly level: Level;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

const LEVELS: ReadonlyMap<string, Level> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['verbose', 'debug'],
  ['info', 'info'],
  ['information', 'info'],
  ['notice', 'info'],
  ['log', 'info'],
  ['success', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['err', 'error'],
  ['error', 'error'],
  ['exception', 'error'],
  ['critical', 'error'],
  ['crit', 'error'],
  ['fatal', 'error'],
  ['panic', 'error'],
  ['alert', 'error'],
  ['emergency', 'error'],
]);

/** A level word that stands as one: in capitals between marks, in brackets, before a colon at the start, or as logfmt. */
const WORD =
  /(?:^|[\s[(|-])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)(?=$|[\s\]):|,-])|(?:^|\s)\[(trace|debug|info|notice|warn|warning|error|crit|critical|alert|fatal|panic)\]|^(trace|debug|info|notice|warn|warning|error|critical|fatal|panic):|(?:^|\s)(?:level|lvl|severity)="?(\w{3,11})\b/;
/** What Python and Node warn of, on stderr. */
const WARNING = /(?:^|\s)[A-Z]\w*Warning: /;
/** Characters looked through for one. */
const WORD_REACH = 160;

export function readLine(text: string, stream: StreamName): AppEvent {
  const json = text.charCodeAt(0) === 123 ? parseObject(text) : undefined;
  if (json !== undefined) return fromObject(json, stream);
  return { level: levelOf(text) ?? fallback(stream), message: text, facts: { stream } };
}

/** The level that a plain line's own words give it. */
export function levelOf(text: string): Level | undefined {
  const head = text.length > WORD_REACH ? text.slice(0, WORD_REACH) : text;
  const match = WORD.exec(head);
  const word = match?.[1] ?? match?.[2] ?? match?.[3] ?? match?.[4];
  const level = word === undefined ? undefined : LEVELS.get(word.toLowerCase());
  return level ?? (WARNING.test(head) ? 'warn' : undefined);
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
  const level = readLevel(levelKey === undefined ? levelInRecord(json) : json[levelKey]);
  if (messageKey !== undefined) delete fields[messageKey];
  if (levelKey !== undefined) delete fields[levelKey];
  return {
    level: level ?? fallback(stream),
    message: messageKey === undefined ? '' : (json[messageKey] as string),
    facts: { stream, ...(streamOfApp !== undefined && { app_stream: streamOfApp }), ...fields },
  };
}

/** Where loguru puts it: `{"text", "record": {"level": {"name"}}}`. */
function levelInRecord({ record }: Record<string, unknown>): unknown {
  const level = (record as { level?: unknown } | null | undefined)?.level;
  return (level as { name?: unknown } | null | undefined)?.name;
}

/** A word, or a number as pino and bunyan count: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
function readLevel(value: unknown): Level | undefined {
  if (typeof value === 'string') return LEVELS.get(value.trim().toLowerCase());
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (value < 30) return 'debug';
  if (value < 40) return 'info';
  return value < 50 ? 'warn' : 'error';
}
