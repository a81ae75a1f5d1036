/** Figures as people read them: short, and always of the same width where they stand below each other. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** `3 d 4 h`, `12 min`, `8 s`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return two(whole, HOUR, 'h', MINUTE, 'min');
  return two(whole, DAY, 'd', HOUR, 'h');
}

function two(seconds: number, large: number, name: string, small: number, lesser: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name}${rest === 0 ? '' : ` ${rest} ${lesser}`}`;
}

/** Both in milliseconds since the epoch. */
export const ago = (then: number, now: number): string =>
  now - then < 1500 ? 'now' : `${span((now - then) / 1000)} ago`;

/** `950`, `12.4k`, `3.1M`; below ten with one decimal where there is one. */
export function count(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (value >= 1e4) return `${trimmed(value / 1e3)}k`;
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : trimmed(value);
}

const trimmed = (value: number): string => String(Number(value.toFixed(value < 100 ? 1 : 0)));

export function bytes(value: number): string {
  for (const [unit, size] of [
    ['TB', 2 ** 40],
    ['GB', 2 ** 30],
    ['MB', 2 ** 20],
  ] as const)
    if (value >= size) return `${trimmed(value / size)} ${unit}`;
  return `${Math.round(value / 1024)} kB`;
}

export const percent = (share: number): string => {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : Number(value.toFixed(value < 1 ? 2 : 1))} %`;
};

/** Milliseconds; an en dash where there is nothing to measure. */
export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  if (value >= 10_000) return `${Math.round(value / 1000)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))} ms`;
}

/** `14:05:09` in UTC, as the logs have it. */
export const clockTime = (iso: string): string => iso.slice(11, 19);

/** `1 session`, `3 sessions`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
