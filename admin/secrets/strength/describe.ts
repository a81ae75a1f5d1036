/** The shortest way to say a text in the terms of people: words, walks, dates, copies; chance where nothing else fits. */
import { STRETCHES } from './alphabets.ts';
import { letterBits } from './letters.ts';
import { caseBits, type Match, wordsAt } from './lexicon.ts';
import {
  copiesAt,
  datesAt,
  interleavedAt,
  lengthBits,
  ordersAt,
  separatorAt,
  sequencesAt,
  walksAt,
} from './patterns.ts';

export interface Description {
  /** Length of the description. */
  readonly bits: number;
  /** Stretches that only chance explains. */
  readonly leftovers: readonly string[];
}

interface Step {
  bits: number;
  from: number;
  chance: boolean;
}

/** Bits that name the kind of a part: they are the likelihood of each, and sum to one. */
const KIND = { word: 1.5, letters: 3, separator: 2.5, copy: 3.5, walk: 5, sequence: 5, date: 3.5 };
/** Bits a part pays for there being one more. */
const MORE = 0.4;

/**
 * A description is a code, and no code can shorten a text drawn by chance by `k` bits more often than once in 2^k: so
 * whatever comes out much shorter than chance was not drawn by chance. Takes time in the square of the length.
 */
export function describe(text: string): Description {
  const lower = text.toLowerCase();
  const best: Step[] = Array.from({ length: text.length + 1 }, () => ({
    bits: Number.POSITIVE_INFINITY,
    from: 0,
    chance: false,
  }));
  (best[0] as Step).bits = 0;
  for (let at = 0; at < text.length; at++) {
    const before = (best[at] as Step).bits + MORE;
    const offer = (end: number, cost: number, chance = false): void => {
      const step = best[end] as Step;
      if (before + cost >= step.bits) return;
      step.bits = before + cost;
      step.from = at;
      step.chance = chance;
    };
    for (const [kind, matches] of partsAt(text, lower, at))
      for (const { end, cost } of matches) offer(end, kind + cost);
    stretches(text, at, offer);
  }
  return { bits: (best[text.length] as Step).bits, leftovers: leftovers(text, best) };
}

/** Everything that may begin at `at`, with the cost of its kind. */
function partsAt(
  text: string,
  lower: string,
  at: number,
): (readonly [kind: number, matches: readonly Match[]])[] {
  const letters = letterBits(lower, at).flatMap((cost, length) =>
    length === 0 ? [] : [{ end: at + length, cost: cost + caseBits(text, at, at + length) }],
  );
  return [
    [KIND.word, wordsAt(text, at)],
    [KIND.letters, letters],
    [KIND.separator, separatorAt(text, at)],
    [KIND.copy, copiesAt(text, lower, at)],
    [KIND.walk, walksAt(text, at)],
    [KIND.walk, ordersAt(lower, at)],
    [KIND.sequence, sequencesAt(text, at)],
    [KIND.sequence, interleavedAt(text, at)],
    [KIND.date, datesAt(text, at)],
  ];
}

function stretches(
  text: string,
  at: number,
  offer: (end: number, cost: number, chance: boolean) => void,
): void {
  for (const { alphabet, cost, chance } of STRETCHES) {
    const each = Math.log2(alphabet.size);
    for (let end = at + 1; end <= text.length && alphabet.has(text, end - 1); end++) {
      offer(end, cost + lengthBits(end - at) + (end - at) * each, chance);
    }
  }
}

function leftovers(text: string, best: readonly Step[]): string[] {
  const found: string[] = [];
  for (let end = text.length; end > 0; end = (best[end] as Step).from) {
    const { from, chance } = best[end] as Step;
    if (chance) found.unshift(text.slice(from, end));
  }
  return found;
}
