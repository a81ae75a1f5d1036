/** Finds the words in a text as people disguise them: in any case, with figures for letters, or backwards. */
import { WORDS } from './words.ts';

interface Node {
  readonly next: Map<string, Node>;
  /** Bits of the word that ends here. */
  cost?: number;
}

export interface Match {
  readonly end: number;
  readonly cost: number;
}

/** What people write for a letter. */
const DISGUISES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'il',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
  '(': 'c',
};

const SHORTEST_REVERSED = 5;

let root: Node | undefined;

function plant(): Node {
  const top: Node = { next: new Map() };
  WORDS.forEach((word, rank) => {
    // Zipf: the n-th word is as likely as 1/n; 3 bits make the sum of all one.
    const cost = Math.log2(rank + 4) + 3 - 1.5;
    add(top, word, cost);
    if (word.length >= SHORTEST_REVERSED) add(top, [...word].reverse().join(''), cost + 4);
  });
  return top;
}

function add(top: Node, word: string, cost: number): void {
  let node = top;
  for (const letter of word) {
    let child = node.next.get(letter);
    if (child === undefined) {
      child = { next: new Map() };
      node.next.set(letter, child);
    }
    node = child;
  }
  node.cost = Math.min(node.cost ?? Number.POSITIVE_INFINITY, cost);
}

/** Every word that starts at `start`, in `text` as it stands, with what its writing costs. */
export function wordsAt(text: string, start: number): Match[] {
  root ??= plant();
  const found: Match[] = [];
  descend(root, text, start, start, 0, found);
  return found;
}

function descend(
  node: Node,
  text: string,
  start: number,
  at: number,
  disguised: number,
  found: Match[],
): void {
  if (node.cost !== undefined && at - start >= 1) {
    const cost = node.cost + writingBits(text, start, at, disguised);
    found.push({ end: at, cost });
  }
  if (at === text.length) return;
  const character = (text[at] as string).toLowerCase();
  const plain = node.next.get(character);
  if (plain !== undefined) descend(plain, text, start, at + 1, disguised, found);
  for (const letter of DISGUISES[character] ?? '') {
    const child = node.next.get(letter);
    if (child !== undefined) descend(child, text, start, at + 1, disguised + 1, found);
  }
}

/** Bits that say which letters are capital and which are disguised. */
function writingBits(text: string, start: number, end: number, disguised: number): number {
  const length = end - start;
  const disguise = disguised === 0 ? 0.3 : 2.5 + Math.min(disguised * 1.5, length);
  return disguise + caseBits(text, start, end);
}

/** Lower case, then a capital first, then all capitals are the ways of people; anything else is a bit a letter. */
export function caseBits(text: string, start: number, end: number): number {
  let capitals = 0;
  for (let i = start; i < end; i++) if (isCapital(text.charCodeAt(i))) capitals++;
  if (capitals === 0) return 0.7;
  if (capitals === 1 && isCapital(text.charCodeAt(start))) return 2;
  if (capitals === end - start) return 3;
  return 4 + (end - start);
}

const isCapital = (code: number): boolean => code >= 65 && code <= 90;
