/** Character classes of RFC 9110 §5.5 and §5.6.2, as tables: one lookup a byte. */

const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  TOKEN[char.charCodeAt(0)] = 1;

const VALUE = new Uint8Array(256);
for (let i = 0; i < 256; i++) VALUE[i] = i === 9 || (i >= 32 && i !== 127) ? 1 : 0;

/** A non-empty token. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/** A field value: visible characters, blanks, tabs and obs-text; no control byte can end the line early. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/** Cuts blanks and tabs, and only those, off both ends (OWS, RFC 9110 §5.6.3): `trim` would hide control bytes. */
export const trimOws = (text: string): string => sliceOws(text, 0, text.length);

/** The same of a part of the text. */
export function sliceOws(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isOws = (code: number): boolean => code === 32 || code === 9;
