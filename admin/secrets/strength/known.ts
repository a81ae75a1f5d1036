/** Secrets that everybody has: those of tutorials, digests of a single word, and stand-ins somebody forgot to replace. */
import { createHash } from 'node:crypto';
import { WORDS } from './words.ts';

/** From the documentation of frameworks, where they look drawn by chance, as they were: once, for everybody. */
const PUBLISHED = new Set([
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
  'a-string-secret-at-least-256-bits-long',
  'your-256-bit-secret',
  'your-384-bit-secret',
  'your-512-bit-secret',
  'keyboard cat',
  'shhhhh',
]);

const DIGESTS: Readonly<Record<number, string>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

/** Is it known to all, or the digest of something that is? */
export function isPublished(value: string): boolean {
  if (PUBLISHED.has(value) || PUBLISHED.has(value.toLowerCase())) return true;
  const algorithm = /^[0-9a-f]+$/i.test(value) ? DIGESTS[value.length] : undefined;
  if (algorithm === undefined) return false;
  return digests(algorithm).has(value.toLowerCase());
}

const COMMON = ['', '123456', '12345678', '123456789', '1234567890', 'password123', 'admin123'];
const computed = new Map<string, ReadonlySet<string>>();

function digests(algorithm: string): ReadonlySet<string> {
  const known = computed.get(algorithm);
  if (known !== undefined) return known;
  const digest = (word: string): string => createHash(algorithm).update(word).digest('hex');
  const made = new Set([...COMMON, ...WORDS].map(digest));
  computed.set(algorithm, made);
  return made;
}

const BRACKETED = /^(?:<.*>|\$?\{.*\}|\$\w+|\[.*\]|%\w+%)$/s;
const ONE_CHARACTER = /^(.)\1*$/s;
const PHRASES =
  /change[-_ ]?(?:me|this|it|in[-_ ]|before|your)|replace[-_ ]?(?:me|with|this|by)|(?:^|[-_ ])(?:your|insert|enter|put|add|set|paste)(?:[-_ ].*)?[-_ ](?:key|secret|token|password|value|here|id)|^your(?:own)?(?:super|secret|api|jwt|key|token|password|app|private|strong|very|random|long)|[-_ ](?:goes[-_ ])?here$|x{5,}|\*{3,}|\.{3}/;
const WORD =
  /(?:^|[^a-z])(?:examples?|placeholder|dummy|samples?|todo|tbd|fixme|tests?|testing|fake|mock|change|notset|none|null|undefined|redacted|secret[-_]?here|foo|bar|lorem)(?=[^a-z]|$)/;

/** Does `text` stand for a secret that is still to come? Ask only of what was not drawn by chance. */
export function isStandIn(text: string): boolean {
  const lower = text.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
  return BRACKETED.test(text) || ONE_CHARACTER.test(text) || PHRASES.test(lower) || WORD.test(lower);
}
