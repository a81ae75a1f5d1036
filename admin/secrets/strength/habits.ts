/** Two more codes for a text, which learn as they go: one from its characters, one from how their classes follow. */

const classOf = (code: number): number => {
  if (code >= 48 && code <= 57) return 0;
  if (code >= 97 && code <= 122) return 1;
  return code >= 65 && code <= 90 ? 2 : 3;
};

/** Characters of each class among the first `size`: figures, small and capital letters, marks. */
const WITHIN: readonly number[] = [10, 26, 26];

/** Bits of a text in which each class of character makes the next one likelier: hands stay in a class, chance does not. */
export function classBits(text: string, marks: number): number {
  const counts = Array.from({ length: 5 }, () => new Float64Array(4).fill(0.5));
  let before = 4;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const is = classOf(text.charCodeAt(i));
    const row = counts[before] as Float64Array;
    const sum = (row[0] as number) + (row[1] as number) + (row[2] as number) + (row[3] as number);
    bits += Math.log2(sum / (row[is] as number)) + Math.log2(WITHIN[is] ?? marks);
    row[is] = (row[is] as number) + 1;
    before = is;
  }
  return bits;
}

/** Bits of a text in which a character that came is likelier to come again, over an alphabet of `size`. */
export function repeatBits(text: string, size: number): number {
  const counts = new Map<string, number>();
  const each = 0.5;
  let bits = 0;
  let seen = 0;
  for (const character of text) {
    const count = counts.get(character) ?? 0;
    bits += Math.log2((seen + each * size) / (count + each));
    counts.set(character, count + 1);
    seen++;
  }
  return bits;
}
