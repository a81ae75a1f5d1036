/** How hard a secret is to guess, from 0 to 100: by how it must have been made, not by how it looks. */
import { chanceBits, narrowest } from './alphabets.ts';
import { describe } from './describe.ts';
import { classBits, repeatBits } from './habits.ts';
import { isPublished, isStandIn } from './known.ts';
import { unwrap } from './unwrap.ts';

export type Making = 'chance' | 'people' | 'known' | 'stand-in';

export interface Strength {
  /** 0 to 100. 80 and more: at least 124 bits of chance. Under 60: somebody made it up, or it is short. */
  readonly score: number;
  readonly making: Making;
}

/** Longer texts are judged by their beginning: what repeats or reads well shows it there. */
const LONGEST = 160;
/**
 * A text that a code shortens by more bits than this was not made by chance. The first code is of little use for what
 * chance makes, which it lengthens by 13 bits at the median; the other two learn from the text and come nearer.
 */
const SHORTENED = { description: 3, classes: 10, repeats: 11 };
/** Bits of a leftover that is worth a look, and of all of them that make a secret of their own. */
const LEFTOVER = 60;
const ENOUGH = 112;
/** What was made up stays under this, however long: phrases are guessed by phrase. */
const MADE_UP = 59;
/** Bits from which chance can be told from a word that merely is not listed. */
const TELLING = 64;
/** Bits that one machine tries in a minute. */
const GUESSED_AT_ONCE = 30;

const KNOWN_SCORE = 0;
const STAND_IN_SCORE = 5;

/** Bits and scores between which is drawn a straight line. 124, since 128 bits lose a leading zero in some encodings. */
const CURVE: readonly (readonly [bits: number, score: number])[] = [
  [0, 0],
  [64, 40],
  [112, 70],
  [124, 80],
  [256, 100],
];

/** Takes some milliseconds at most. */
export function strengthOf(value: string): Strength {
  const trimmed = value.trim();
  if (isPublished(trimmed)) return { score: KNOWN_SCORE, making: 'known' };
  const { text, fixedBits } = unwrap(trimmed);
  const { bits, chance } = judge(plainLetters(text).slice(0, LONGEST));
  if (chance && bits >= TELLING) {
    const beyond = text.length > LONGEST ? chanceBits(text) : bits;
    return { score: scoreOf(Math.max(bits, beyond) - fixedBits), making: 'chance' };
  }
  if (isStandIn(trimmed) || isStandIn(text)) return { score: STAND_IN_SCORE, making: 'stand-in' };
  if (bits <= GUESSED_AT_ONCE) return { score: KNOWN_SCORE, making: 'known' };
  return { score: Math.min(MADE_UP, scoreOf(bits)), making: chance ? 'chance' : 'people' };
}

/** Letters without their accents, so that words of other tongues are read as such. */
const plainLetters = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '');

interface Judgement {
  readonly bits: number;
  readonly chance: boolean;
}

function judge(text: string): Judgement {
  const byChance = chanceBits(text);
  const description = describe(text);
  const { size, marks } = narrowest(text);
  const classes = classBits(text, marks);
  const repeats = repeatBits(text, size);
  const chance =
    description.bits > byChance - SHORTENED.description &&
    classes > byChance - SHORTENED.classes &&
    repeats > byChance - SHORTENED.repeats;
  if (chance) return { bits: byChance, chance };
  let leftover = 0;
  for (const part of description.leftovers) {
    if (part.length === text.length || chanceBits(part) < LEFTOVER) continue;
    const judged = judge(part);
    if (judged.chance) leftover += judged.bits;
  }
  return leftover >= ENOUGH
    ? { bits: leftover, chance: true }
    : { bits: Math.min(description.bits, classes, repeats), chance: false };
}

function scoreOf(bits: number): number {
  for (let i = 1; i < CURVE.length; i++) {
    const [upper, high] = CURVE[i] as readonly [number, number];
    const [lower, low] = CURVE[i - 1] as readonly [number, number];
    if (bits < upper) return Math.floor(low + ((Math.max(0, bits) - lower) / (upper - lower)) * (high - low));
  }
  return 100;
}
