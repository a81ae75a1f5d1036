/** What a random client asks a random app for; the target carries it, so that both know what has to come. */
import { type Dice, hashOf, SIZES } from './dice.ts';

const FRAMINGS = ['length', 'chunked', 'trailers', 'close', 'v10'] as const;
const MOODS = [
  ...['plain', 'plain', 'plain', 'plain', 'plain', 'bytewise', 'late', 'hints', 'early'],
  ...['cut', 'reset', 'nothing', 'surplus', 'garbage', 'closing', 'fin'],
] as const;
/** After these the answer may be missing or broken; it must never be another one's. */
export const FOUL: ReadonlySet<string> = new Set(['cut', 'reset', 'nothing', 'garbage']);

export interface Wish {
  readonly name: string;
  readonly status: number;
  readonly size: number;
  readonly framing: (typeof FRAMINGS)[number] | 'tunnel';
  readonly mood: (typeof MOODS)[number];
}

export const targetOf = ({ name, status, size, framing, mood }: Wish): string =>
  `/${name}/${status}/${size}/${framing}/${mood}`;

export function wishOf(target: string): Wish {
  const [, name = '', status, size, framing, mood] = target.split('/');
  return { name, status: Number(status), size: Number(size), framing, mood } as unknown as Wish;
}

let serial = 0;

export function aWish(dice: Dice): Wish {
  const status = dice.of([200, 200, 200, 200, 201, 204, 304, 404]);
  const mood = dice.of(MOODS);
  const framing = dice.of(FRAMINGS);
  // What follows a body that ends with its connection is part of it.
  const endless = framing === 'close' || framing === 'v10';
  const bad = endless && mood === 'surplus';
  return { name: `n${serial++}`, status, size: dice.of(SIZES), framing: bad ? 'length' : framing, mood };
}

/** A field value of odd bytes that belongs to the name: opaque data must pass as it is. */
export const oddValue = (name: string): string =>
  `${name}\xe9\xff\t"${String.fromCharCode(0xa1 + (hashOf(name) % 90))}" ; a=b,,c`;

/** An answer to that can have no body. */
export const bodiless = (method: string, status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 304;
