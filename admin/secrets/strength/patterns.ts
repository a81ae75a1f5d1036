/** What hands produce without thinking: rows of the keyboard, alphabets, counts, dates, and the same once more. */
import type { Match } from './lexicon.ts';

const ROWS = ['`1234567890-=', ' qwertyuiop[]\\', " asdfghjkl;'", ' zxcvbnm,./'];
const SHIFTED = ['~!@#$%^&*()_+', ' QWERTYUIOP{}|', ' ASDFGHJKL:"', ' ZXCVBNM<>?'];
const PLACES = new Map<string, readonly [row: number, column: number]>();
for (const rows of [SHIFTED, ROWS])
  rows.forEach((keys, row) => {
    [...keys].forEach((key, column) => {
      if (key !== ' ') PLACES.set(key, [row, column]);
    });
  });

const SHORTEST = 3;
const STEPS_MAX = 3;

/** Bits of a length: an Elias gamma code. */
export const lengthBits = (length: number): number => 2 * (31 - Math.clz32(length)) + 1;

/** Keys that touch: each step costs little when it keeps its direction. */
export function walksAt(text: string, start: number): Match[] {
  const found: Match[] = [];
  let cost = 5.6;
  let direction = '';
  for (let i = start + 1; i < text.length; i++) {
    const step = stepBetween(text[i - 1] as string, text[i] as string);
    if (step === undefined) break;
    cost += step === direction ? 0.5 : 2.8;
    direction = step;
    const length = i + 1 - start;
    if (length > SHORTEST) found.push({ end: i + 1, cost: cost + lengthBits(length) });
  }
  return found;
}

function stepBetween(from: string, to: string): string | undefined {
  const a = PLACES.get(from);
  const b = PLACES.get(to);
  if (a === undefined || b === undefined) return undefined;
  const [down, right] = [b[0] - a[0], b[1] - a[1]];
  if (Math.abs(down) > 1 || Math.abs(right) > 1) return undefined;
  return `${down},${right}`;
}

/** `abcd`, `9876`, `2468`: one start, one step. */
export function sequencesAt(text: string, start: number): Match[] {
  const found: Match[] = [];
  const step = text.charCodeAt(start + 1) - text.charCodeAt(start);
  if (!(Math.abs(step) <= STEPS_MAX) || step === 0) return found;
  for (let i = start + 1; i < text.length; i++) {
    if (text.charCodeAt(i) - text.charCodeAt(i - 1) !== step) break;
    const length = i + 1 - start;
    if (length >= SHORTEST) found.push({ end: i + 1, cost: 4 + 3 + lengthBits(length) });
  }
  return found;
}

/** Two sequences in turn: `a1b2c3`, `112233`, `aAbBcC`, `1029384756`. */
export function interleavedAt(text: string, start: number): Match[] {
  const found: Match[] = [];
  const steps = [0, 1].map((n) => text.charCodeAt(start + n + 2) - text.charCodeAt(start + n));
  if (!steps.every((step) => Math.abs(step) <= STEPS_MAX)) return found;
  for (let i = start + 2; i < text.length; i++) {
    if (text.charCodeAt(i) - text.charCodeAt(i - 2) !== steps[(i - start) % 2]) break;
    const length = i + 1 - start;
    if (length >= 6) found.push({ end: i + 1, cost: 11 + lengthBits(length) });
  }
  return found;
}

/** Orders that fingers and minds know by heart: columns of keys, the figures of pi, e and a few more. */
const FORWARD: readonly string[] = [
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
  'qazwsxedcrfvtgbyhnujmikolp',
  'zaqxswcdevfrbgtnhymjukilop',
  'zaq1xsw2cde3vfr4bgt5nhy6mju7',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'qpwoeirutyalskdjfhgzmxncbv',
  'plmoknijbuhvygctfxrdzeswaq',
  '0okm9ijn8uhb7ygv6tfc5rdx4esz3wa',
  '3.14159265358979323846264338327950288419716939937510',
  '314159265358979323846264338327950288419716939937510',
  '2718281828459045235360287471352662497757247093699959',
  '1618033988749894848204586834365638117720309179805762',
  '14142135623730950488016887242096980785696718753769',
  '1123581321345589144233377610987159725844181676510946',
];
const ORDERS = [...FORWARD, ...FORWARD.map((order) => [...order].reverse().join(''))];
const ORDER_BITS = Math.log2(ORDERS.length) + 3;

/** Where in which order the first characters of a stretch stand. */
const OPENINGS = new Map<string, { readonly order: string; readonly from: number }[]>();
const OPENING = 4;
for (const order of ORDERS)
  for (let from = 0; from + OPENING <= order.length; from++) {
    const opening = order.slice(from, from + OPENING);
    OPENINGS.set(opening, [...(OPENINGS.get(opening) ?? []), { order, from }]);
  }

export function ordersAt(lower: string, start: number): Match[] {
  const found: Match[] = [];
  for (const { order, from } of OPENINGS.get(lower.slice(start, start + OPENING)) ?? []) {
    for (let length = OPENING; order.startsWith(lower.slice(start, start + length), from); length++) {
      const cost = ORDER_BITS + (from === 0 ? 0 : 3) + lengthBits(length);
      found.push({ end: start + length, cost });
      if (start + length >= lower.length) break;
    }
  }
  return found;
}

const DATES: readonly (readonly [RegExp, number])[] = [
  [/(?:19[4-9]\d|20[0-4]\d)/y, 6],
  [/(?:0?[1-9]|[12]\d|3[01])([-./]?)(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d/y, 15.5],
  [/(?:0[1-9]|1[0-2])([-./]?)(?:0[1-9]|[12]\d|3[01])\1(?:19|20)\d\d/y, 16.5],
  [/(?:19|20)\d\d([-./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])/y, 15.5],
  [/(?:0[1-9]|[12]\d|3[01])([-./]?)(?:0[1-9]|1[0-2])\1\d\d/y, 16],
  [/(?:123|111|007|000|321|666|777|999|100|101|420|69|99|42|128|192|256|384|512|1024|2048)/y, 4.5],
];

export function datesAt(text: string, start: number): Match[] {
  const found: Match[] = [];
  for (const [form, cost] of DATES) {
    form.lastIndex = start;
    if (form.test(text)) found.push({ end: form.lastIndex, cost });
  }
  return found;
}

/** What stood before, from any place, in either case; a run of one character is a copy that overlaps itself. */
export function copiesAt(text: string, lower: string, start: number): Match[] {
  const longest = new Map<number, number>();
  for (let from = 0; from < start; from++) {
    let length = 0;
    let same = true;
    while (start + length < text.length && lower[from + length] === lower[start + length]) {
      same &&= text[from + length] === text[start + length];
      length++;
      if (length < 2) continue;
      const cost = Math.log2(start) + lengthBits(length) + (same ? 0.5 : 2);
      if (cost < (longest.get(length) ?? Number.POSITIVE_INFINITY)) longest.set(length, cost);
    }
  }
  return [...longest].map(([length, cost]) => ({ end: start + length, cost }));
}

const SEPARATORS = '-_ .!@#:/+*&,?=$%';

/** One mark between words. */
export function separatorAt(text: string, start: number): Match[] {
  const rank = SEPARATORS.indexOf(text[start] as string);
  return rank < 0 ? [] : [{ end: start + 1, cost: Math.log2(rank + 1) + 1.5 }];
}
