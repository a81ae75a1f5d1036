/** The readable form of a log line, for a developer's terminal: still one line, still no raw control byte. */

const COLOURS: Record<string, string> = {
  debug: '\x1b[2m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
};
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';
/** Controls and marks that JSON leaves raw but a terminal or a line reader acts on. */
const RAW = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;
const PLAIN = /^[\w.:/@+,-]+$/;

/** From one JSON line to `12:34:56.789 INFO  message event_type key=value …`. */
export function prettyLine(json: string, colour: boolean): string {
  const line = JSON.parse(json) as Record<string, unknown>;
  const { level, time, message, event_type, ...facts } = line;
  const label = String(level);
  const paint = (code: string, text: string) => (colour && code !== '' ? `${code}${text}${RESET}` : text);
  let tail = String(event_type);
  for (const key of Object.keys(facts)) tail += ` ${visible(key)}=${value(facts[key])}`;
  const clock = String(time).slice(11, 23);
  const name = paint(COLOURS[label] ?? '', label.toUpperCase().padEnd(5));
  return `${clock} ${name} ${visible(String(message))} ${paint(DIM, tail)}\n`;
}

function value(fact: unknown): string {
  if (typeof fact === 'string' && PLAIN.test(fact)) return fact;
  return escapeRaw(JSON.stringify(fact));
}

const visible = (text: string) => escapeRaw(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"'));

/** Escapes what JSON leaves raw; for text that stands within a JSON string. */
export const escapeRaw = (text: string) =>
  text.replace(RAW, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
