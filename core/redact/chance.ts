/** Tells what was drawn by chance from what was written by a person: the difference between a key and a name. */

const LONGEST_LOOK = 128;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const DIGIT = 1;
const LOWER = 2;
const UPPER = 3;
const OTHER = 4;
const FOREIGN = 5;
const classes = new Uint8Array(128).fill(FOREIGN);
for (const c of '_+/=.~%|$!:-') classes[c.charCodeAt(0)] = OTHER;
for (let c = 48; c <= 57; c++) classes[c] = DIGIT;
for (let c = 97; c <= 122; c++) classes[c] = LOWER;
for (let c = 65; c <= 90; c++) classes[c] = UPPER;

export const isUuid = (value: string): boolean => value.length === 36 && UUID.test(value);

const counts = new Uint16Array(6);

/** True for `least` or more characters that no hand would write: their classes change too often for a name. */
export function looksRandom(value: string, least = 16): boolean {
  if (value.length < least) return false;
  const length = Math.min(value.length, LONGEST_LOOK);
  counts.fill(0);
  let changes = 0;
  let before = 0;
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i);
    const is = c < 128 ? classes[c]! : FOREIGN;
    if (is === FOREIGN) return false;
    counts[is]!++;
    if (is !== before && before !== 0) changes++;
    before = is;
  }
  return mixed(length, changes) && !isUuid(value);
}

function mixed(length: number, changes: number): boolean {
  const [, digits = 0, lower = 0, upper = 0, other = 0] = counts;
  if (other > length / 5) return false;
  if (digits >= 2 && upper >= 2 && lower >= 2) return changes >= length / 5;
  if (digits < 2 && upper > 0) return upper >= 4 && lower >= 4 && changes - other * 2 >= length / 3;
  return other <= 2 && digits >= 4 && upper + lower >= 3 && changes >= length / 6 && length >= 20;
}

/** 32 or more hexadecimal digits, letters and figures mixed. */
export const looksHex = (value: string): boolean =>
  value.length >= 32 &&
  /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(value) &&
  /[a-fA-F]/.test(value) &&
  /[0-9]/.test(value);
