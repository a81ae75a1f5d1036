/** Text to value, one pure function a kind: each gives the value, or says what is wrong and what to write instead. */
export type Parsed<T> = { readonly value: T } | { readonly error: string };

export const good = <T>(value: T): Parsed<T> => ({ value });
export const bad = (error: string): { readonly error: string } => ({ error });

/** The operator's own text in an error: cut at 60 characters, control characters made visible. */
export function quote(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `\`${cut.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')}\``;
}

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, y: 31_536_000_000 } as const;
const BYTES = { b: 1, kb: 1024, mb: 1_048_576, gb: 1_073_741_824 } as const;

/** `30`, `500ms`, `1.5s`, `5m`, `2h`, `10d`, `2y` (365 days) → whole milliseconds; a bare number is seconds. */
export function parseDuration(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|y)?$/i.exec(text);
  if (!match) return bad(`${quote(text)} is not a duration; use 30, 500ms, 30s or 5m`);
  const unit = (match[2]?.toLowerCase() ?? 's') as keyof typeof MILLISECONDS;
  return whole(text, Number(match[1]) * MILLISECONDS[unit], 'duration of whole milliseconds');
}

/** `1024`, `32kb`, `100mb`, `1gb` → bytes, in powers of 1024. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(text);
  if (!match) return bad(`${quote(text)} is not a size; use 1024, 32kb or 100mb`);
  const unit = (match[2]?.toLowerCase() ?? 'b') as keyof typeof BYTES;
  return whole(text, Number(match[1]) * BYTES[unit], 'size in whole bytes');
}

function whole(text: string, amount: number, noun: string): Parsed<number> {
  const rounded = Math.round(amount);
  // 1.1s is 1100.0000000000002 as a double: whole in the operator's eyes.
  const exact = Math.abs(amount - rounded) < 1e-6;
  return exact && Number.isSafeInteger(rounded) ? good(rounded) : bad(`${quote(text)} is not a ${noun}`);
}

/** Milliseconds → the shortest text that {@link parseDuration} reads back to the same number. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  for (const unit of ['y', 'd', 'h', 'm', 's'] as const) {
    if (ms % MILLISECONDS[unit] === 0) return `${ms / MILLISECONDS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** Bytes → the shortest text that {@link parseSize} reads back to the same number. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0';
  for (const unit of ['gb', 'mb', 'kb'] as const) {
    if (bytes % BYTES[unit] === 0) return `${bytes / BYTES[unit]}${unit}`;
  }
  return String(bytes);
}

export function parseBool(text: string): Parsed<boolean> {
  const word = text.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return good(true);
  if (['false', '0', 'no', 'off'].includes(word)) return good(false);
  return bad(`${quote(text)} is neither yes nor no; use true or false`);
}

export function parseInteger(text: string): Parsed<number> {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? good(value) : bad(`${quote(text)} is not a whole number`);
}

/** `a, b,,c` → `[a, b, c]`; the one word `none` → `[]`. */
export function parseList(text: string): readonly string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return items.length === 1 && items[0] === 'none' ? [] : items;
}

/** Applies `parse` to every item of a list; the first bad item is the error. */
export function parseEach<T>(text: string, parse: (item: string) => Parsed<T>): Parsed<readonly T[]> {
  const values: T[] = [];
  for (const item of parseList(text)) {
    const parsed = parse(item);
    if ('error' in parsed) return parsed;
    values.push(parsed.value);
  }
  return good(values);
}
