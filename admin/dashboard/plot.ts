/** Small line plots as SVG, drawn on the server: they need no script, and print. */
import { count } from './format.ts';
import { type Html, html } from './html.ts';

export interface Line {
  readonly name: string;
  /** Oldest first; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  /** The class that colours it. */
  readonly tone: 'main' | 'soft' | 'warn' | 'bad';
  readonly filled?: boolean;
}

export interface PlotOptions {
  /** What a screen reader says of it. */
  readonly label: string;
  readonly lines: readonly Line[];
  /** Seconds from the first to the last point. */
  readonly seconds: number;
  readonly format?: (value: number) => string;
  readonly scale?: 'linear' | 'log';
  /** The scale reaches at least this far. */
  readonly least: number;
}

const WIDTH = 640;
const HEIGHT = 168;
const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

interface Scale {
  readonly ticks: readonly number[];
  y(value: number): number;
}

export function plot(options: PlotOptions): Html {
  const { lines, label, seconds } = options;
  const format = options.format ?? count;
  const all = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const scale = options.scale === 'log' ? logarithmic(all, options.least) : linear(all, options.least);
  const grid = scale.ticks.map((tick) => {
    const y = scale.y(tick).toFixed(1);
    return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="tick" x="${LEFT - 6}" y="${y}" dy="0.32em" text-anchor="end">${format(tick)}</text>`;
  });
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" data-seconds="${seconds}">${grid}${times(seconds)}${lines.map((line) => drawn(line, scale))}</svg>`;
}

function times(seconds: number): Html {
  const minutes = Math.round(seconds / 60);
  const marks = Array.from({ length: minutes + 1 }, (_, minute) => {
    const x = (WIDTH - RIGHT - (minute / minutes) * (WIDTH - LEFT - RIGHT)).toFixed(1);
    const anchor = minute === 0 ? 'end' : minute === minutes ? 'start' : 'middle';
    return html`<text class="tick" x="${x}" y="${HEIGHT - 5}" text-anchor="${anchor}">${minute === 0 ? 'now' : `−${minute} min`}</text>`;
  });
  return html`${marks}`;
}

function drawn({ values, tone, filled }: Line, scale: Scale): Html {
  const step = (WIDTH - LEFT - RIGHT) / Math.max(values.length - 1, 1);
  const base = scale.y(0).toFixed(1);
  let path = '';
  let area = '';
  let start = '';
  for (const [i, value] of values.entries()) {
    const before = i === 0 ? null : values[i - 1];
    if (value === null) continue;
    const x = (LEFT + i * step).toFixed(1);
    const point = `${x} ${scale.y(value).toFixed(1)}`;
    const opens = before === null || before === undefined;
    if (opens) start = x;
    path += `${opens ? 'M' : 'L'}${point}`;
    area += `${opens ? `M${x} ${base}L` : 'L'}${point}`;
    const next = values[i + 1];
    if (next !== null && next !== undefined) continue;
    area += `L${x} ${base}Z`;
    // A single point is drawn as a dot, by the round end of a line without length.
    if (start === x) path += 'h0.01';
  }
  if (path === '') return html``;
  const fill = filled === true ? html`<path class="area ${tone}" d="${area}"/>` : html``;
  return html`${fill}<path class="line ${tone}" d="${path}"/>`;
}

const DRAWN = HEIGHT - TOP - BOTTOM;

function linear(values: readonly number[], least: number): Scale {
  const top = Math.max(least, ...values);
  const step = nice(top / 3);
  const steps = Math.max(1, Math.ceil(top / step - 1e-9));
  const max = steps * step;
  return {
    ticks: Array.from({ length: steps + 1 }, (_, i) => i * step),
    y: (value) => TOP + DRAWN * (1 - Math.min(value, max) / max),
  };
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10) * power;
}

/** Whole decades; what is below the lowest lies on it. */
function logarithmic(values: readonly number[], least: number): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(least, ...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(least, ...positive))));
  const bounded = (value: number): number => Math.max(low, Math.log10(Math.max(value, 1e-9)));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    y: (value) => TOP + DRAWN * (1 - (bounded(value) - low) / (high - low)),
  };
}

/** A horizontal bar of parts; widths are shares of `whole`. */
export function bar(
  label: string,
  whole: number,
  parts: readonly { readonly value: number; readonly tone: string }[],
): Html {
  let from = 0;
  const total = Math.max(whole, 1);
  const pieces = parts.map(({ value, tone }) => {
    const width = Math.max(0, Math.min(value / total, 1 - from)) * 100;
    const piece = html`<rect class="${tone}" x="${(from * 100).toFixed(2)}" width="${width.toFixed(2)}" height="4"/>`;
    from += width / 100;
    return piece;
  });
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="track" width="100" height="4"/>${pieces}</svg>`;
}
