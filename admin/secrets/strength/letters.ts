/** The habits of written letters, learned from the words: what a name or a foreign word costs that no list holds. */
import { WORDS } from './words.ts';

const SIDE = 27;
const PAIR = SIDE * SIDE;
const EDGE = 26;

/** Counts of one, two and three letters in a row, the edge of a word among them. */
class Habits {
  private readonly one = new Float64Array(SIDE);
  private readonly two = new Float64Array(PAIR);
  private readonly three = new Float64Array(PAIR * SIDE);
  private readonly pairs = new Float64Array(PAIR);
  private readonly table = new Float32Array(PAIR * SIDE);
  private total = 0;
  private starts = 0;

  constructor(words: readonly string[]) {
    for (const word of words) this.learn(word);
    for (let a = 0; a < SIDE; a++)
      for (let b = 0; b < SIDE; b++)
        for (let c = 0; c < SIDE; c++) this.table[a * PAIR + b * SIDE + c] = this.estimate(a, b, c);
  }

  /** Bits of the letter `c` after `a` and `b` (0 to 25, 26 for the edge). */
  bits(a: number, b: number, c: number): number {
    return this.table[a * PAIR + b * SIDE + c] as number;
  }

  /** Three estimates, the longer trusted more. */
  private estimate(a: number, b: number, c: number): number {
    const single = ((this.one[c] as number) + 0.5) / (this.total + SIDE / 2);
    const seen = this.pairSum(b);
    const double = ((this.two[b * SIDE + c] as number) + 8 * single) / (seen + 8);
    const long = this.pairs[a * SIDE + b] as number;
    const triple = ((this.three[a * PAIR + b * SIDE + c] as number) + 6 * double) / (long + 6);
    return -Math.log2(triple);
  }

  private pairSum(b: number): number {
    return b === EDGE ? this.starts : (this.one[b] as number);
  }

  private learn(word: string): void {
    let a = EDGE;
    let b = EDGE;
    this.starts++;
    for (let i = 0; i <= word.length; i++) {
      const c = i === word.length ? EDGE : word.charCodeAt(i) - 97;
      this.one[c] = (this.one[c] as number) + 1;
      this.two[b * SIDE + c] = (this.two[b * SIDE + c] as number) + 1;
      this.three[a * PAIR + b * SIDE + c] = (this.three[a * PAIR + b * SIDE + c] as number) + 1;
      this.pairs[a * SIDE + b] = (this.pairs[a * SIDE + b] as number) + 1;
      this.total++;
      a = b;
      b = c;
    }
  }
}

/** How often letters come in the languages of Europe and their like, within the vowels and the consonants. */
const VOWELS: Readonly<Record<string, number>> = { a: 29, e: 30, i: 19, o: 15, u: 6, y: 1 };
const CONSONANTS: Readonly<Record<string, number>> = {
  n: 12,
  t: 11,
  s: 11,
  r: 11,
  l: 9,
  d: 7,
  m: 6,
  h: 6,
  c: 5,
  k: 5,
  p: 4,
  g: 4,
  b: 3,
  v: 2,
  z: 2,
  f: 1.5,
  w: 1.5,
  j: 1.2,
  q: 0.4,
  x: 0.4,
};
/** Likelihood of a vowel after a vowel, after a consonant, at the start. */
const VOWEL_AFTER = { vowel: 0.2, consonant: 0.58, edge: 0.35 };
/** Likelihood that a run of words without blanks ends after a letter. */
const ENDS = 0.05;

/** Bits of each letter by nothing but sound: what any tongue costs that the words don't know. */
class Sounds {
  private readonly within = new Map<string, number>();

  constructor() {
    for (const letters of [VOWELS, CONSONANTS]) {
      const sum = Object.values(letters).reduce((total, one) => total + one, 0);
      for (const [letter, weight] of Object.entries(letters))
        this.within.set(letter, -Math.log2(weight / sum));
    }
  }

  bits(before: string | undefined, letter: string): number {
    const place = before === undefined ? 'edge' : before in VOWELS ? 'vowel' : 'consonant';
    const vowel = VOWEL_AFTER[place];
    const kind = -Math.log2((letter in VOWELS ? vowel : 1 - vowel) * (1 - ENDS));
    return kind + (this.within.get(letter) as number);
  }
}

let habits: Habits | undefined;
let sounds: Sounds | undefined;

/**
 * Bits of the run of letters that starts at `start` (lower case), by length: entry `n` is the cost of its first `n`
 * letters, its end included: as one word by the habits of the list, or as speech by its sounds.
 */
export function letterBits(lower: string, start: number): number[] {
  habits ??= new Habits(WORDS);
  sounds ??= new Sounds();
  const costs = [Number.POSITIVE_INFINITY];
  let byHabit = 0;
  let bySound = 1 - Math.log2(ENDS);
  let a = EDGE;
  let b = EDGE;
  for (let i = start; i < lower.length; i++) {
    const c = lower.charCodeAt(i) - 97;
    if (c < 0 || c > 25) break;
    byHabit += habits.bits(a, b, c);
    bySound += sounds.bits(i === start ? undefined : lower[i - 1], lower[i] as string);
    costs.push(Math.min(byHabit + habits.bits(b, c, EDGE), bySound));
    a = b;
    b = c;
  }
  return costs;
}
