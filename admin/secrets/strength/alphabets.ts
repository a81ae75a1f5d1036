/** The sets of characters that generators draw from: what a text must have cost if it was drawn by chance. */

export interface Alphabet {
  readonly size: number;
  /** How many of them are neither letters nor figures. */
  readonly marks: number;
  /** Is the character at `at` one of them? */
  has(text: string, at: number): boolean;
}

const ASCII = 128;

function alphabet(size: number, characters: string, marks = 0): Alphabet {
  const one = new RegExp(`^[${characters}]$`);
  const members = Array.from({ length: ASCII }, (_, code) => one.test(String.fromCharCode(code)));
  return { size, marks, has: (text, at) => members[text.charCodeAt(at)] ?? false };
}

/** From the narrowest. */
const ALPHABETS: readonly Alphabet[] = [
  alphabet(10, '0-9'),
  alphabet(16, '0-9a-f'),
  alphabet(16, '0-9A-F'),
  alphabet(26, 'a-z'),
  alphabet(26, 'A-Z'),
  alphabet(32, 'A-Z2-7'),
  alphabet(36, '0-9a-z'),
  alphabet(36, '0-9A-Z'),
  alphabet(52, 'A-Za-z'),
  alphabet(50, '0-9a-z!@#$%^&*()_=+-', 14),
  alphabet(62, '0-9A-Za-z'),
  alphabet(64, '0-9A-Za-z+/', 2),
  alphabet(64, '0-9A-Za-z_-', 2),
  alphabet(70, '0-9A-Za-z!@#$%^&*', 8),
  alphabet(95, ' -~', 33),
];

/** Wider than a byte of ASCII: no generator draws from here, so it only has to be more than all of them. */
const ANYTHING: Alphabet = { size: 1024, marks: 962, has: () => true };

export function narrowest(text: string): Alphabet {
  const holds = (alphabet: Alphabet): boolean => {
    for (let at = 0; at < text.length; at++) if (!alphabet.has(text, at)) return false;
    return true;
  };
  return ALPHABETS.find(holds) ?? ANYTHING;
}

/** Bits that drawing `text` by chance takes. */
export const chanceBits = (text: string): number => text.length * Math.log2(narrowest(text).size);

/** Alphabets for stretches of a text that nothing else explains; keyboard rows are where idle fingers wander. */
export const STRETCHES: readonly {
  readonly alphabet: Alphabet;
  readonly cost: number;
  readonly chance: boolean;
}[] = [
  { alphabet: alphabet(10, '0-9'), cost: 3, chance: false },
  { alphabet: alphabet(16, '0-9a-f'), cost: 5, chance: true },
  { alphabet: alphabet(16, '0-9A-F'), cost: 6, chance: true },
  { alphabet: alphabet(10, 'asdfghjkl;'), cost: 6, chance: false },
  { alphabet: alphabet(10, 'qwertyuiop'), cost: 7, chance: false },
  { alphabet: alphabet(15, 'qwertasdfgzxcvb'), cost: 7, chance: false },
  { alphabet: alphabet(26, 'a-z'), cost: 5, chance: true },
  { alphabet: alphabet(26, 'A-Z'), cost: 6, chance: true },
  { alphabet: alphabet(36, '0-9a-z'), cost: 5, chance: true },
  { alphabet: alphabet(62, '0-9A-Za-z'), cost: 4, chance: true },
  { alphabet: alphabet(64, '0-9A-Za-z+/'), cost: 5, chance: true },
  { alphabet: alphabet(64, '0-9A-Za-z_-'), cost: 5, chance: true },
  { alphabet: alphabet(95, ' -~'), cost: 6, chance: true },
  { alphabet: ANYTHING, cost: 6, chance: false },
];
