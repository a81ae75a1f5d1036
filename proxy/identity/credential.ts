/** What a request presents to say who it is: read once, in one way, so that railguard and the app can't differ on it. */
import type { HeaderBlock } from '../header-block.ts';
import { lowerName } from '../header-block.ts';

export type Credential =
  /** Looks like a JWT and must be one. */
  | { readonly kind: 'token'; readonly text: string; readonly from: 'header' | 'cookie' }
  /** Two tokens that must name the same user. */
  | { readonly kind: 'pair'; readonly text: string; readonly cookie: string }
  /** An API key of the right shape. */
  | { readonly kind: 'key'; readonly text: string }
  /** Begins like an API key and is none. */
  | { readonly kind: 'misshapen' }
  /** Something that only the app can judge. */
  | { readonly kind: 'opaque'; readonly text: string }
  /** Readers could differ on what is presented. */
  | { readonly kind: 'ambiguous' };

export interface CredentialOptions {
  /** Name of the cookie that may hold the token. */
  readonly cookie: string | undefined;
  readonly keyPattern: RegExp | undefined;
}

/** RFC 6750 §2.1 `b64token`. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
/** A token where it need not be one: nothing but three segments. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;
/** Longer ones are not matched: the pattern is the operator's, the text the client's. */
const LONGEST_KEY = 512;
const NAME = 'authorization'.length;
const BLANK = 0x20;
const AMBIGUOUS: Credential = { kind: 'ambiguous' };
const MISSHAPEN: Credential = { kind: 'misshapen' };

export type ReadCredential = (headers: HeaderBlock) => Credential | undefined;

export function credentialReader({ cookie, keyPattern }: CredentialOptions): ReadCredential {
  const prefix = keyPattern === undefined ? '' : literalPrefix(keyPattern.source);
  const isKey = (text: string) =>
    keyPattern !== undefined && text.length <= LONGEST_KEY && keyPattern.test(text);

  const bearer = (text: string): Credential => {
    if (isKey(text)) return { kind: 'key', text };
    if (prefix !== '' && text.startsWith(prefix)) return MISSHAPEN;
    // Odd characters in three segments are the verifier's to refuse: it reads every one, and only once.
    if (looksLikeToken(text)) return { kind: 'token', text, from: 'header' };
    return B64TOKEN.test(text) ? { kind: 'opaque', text } : AMBIGUOUS;
  };

  const field = (value: string): Credential => {
    if (value.startsWith('Bearer ') && value.charCodeAt(7) > BLANK) return bearer(value.slice(7));
    const form = /^([^ \t]+)(?:([ \t]+)(.*))?$/s.exec(value);
    if (form === null) return AMBIGUOUS;
    const [, scheme = '', gap = '', text = ''] = form;
    if (scheme.toLowerCase() === 'bearer') return /^ +$/.test(gap) ? bearer(text) : AMBIGUOUS;
    // Some apps take a token under another scheme, or under none.
    const rest = text === '' ? scheme : text;
    return COMPACT.test(rest)
      ? { kind: 'token', text: rest, from: 'header' }
      : { kind: 'opaque', text: rest };
  };

  return (headers) => {
    const { list } = headers;
    let header: Credential | undefined;
    for (let i = 0; i < list.length; i += 2) {
      const name = list[i] as string;
      if (name.length !== NAME || lowerName(name) !== 'authorization') continue;
      if (header !== undefined) return AMBIGUOUS;
      header = field(list[i + 1] as string);
    }
    if (cookie === undefined || header === AMBIGUOUS) return header;
    const stored = cookieValue(headers, cookie);
    if (stored === undefined) return header;
    if (stored === null) return AMBIGUOUS;
    return together(header, stored);
  };
}

function together(header: Credential | undefined, stored: string): Credential {
  const inCookie: Credential = looksLikeToken(stored)
    ? { kind: 'token', text: stored, from: 'cookie' }
    : { kind: 'opaque', text: stored };
  if (header === undefined) return inCookie;
  if (header.kind !== 'token' || inCookie.kind !== 'token' || header.text === stored) return header;
  return { kind: 'pair', text: header.text, cookie: stored };
}

/** The cookie's value; undefined without one, null when two of the name differ. */
function cookieValue(headers: HeaderBlock, name: string): string | undefined | null {
  let found: string | undefined;
  for (const line of headers.getAll('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      const value = bare(pair.slice(equals + 1).trim());
      if (value === '') continue;
      if (found !== undefined && found !== value) return null;
      found = value;
    }
  }
  return found;
}

/** Without the quotes and the `Bearer ` that some apps store along. */
function bare(value: string): string {
  const inner = /^"(.*)"$/.exec(value)?.[1] ?? value;
  return inner.replace(/^bearer /i, '');
}

/**
 * Three segments are a JWT whatever stands in them: lenient decoders read more than strict ones. So is anything that
 * begins as a JSON object in base64url and has a dot, save the five segments of an encrypted token.
 */
function looksLikeToken(text: string): boolean {
  const first = text.indexOf('.');
  if (first < 0) return false;
  let dots = 0;
  for (let i = first; i >= 0 && dots < 6; i = text.indexOf('.', i + 1)) dots++;
  return dots === 2 || (dots !== 4 && text.startsWith('eyJ'));
}

/** What every match of an anchored pattern begins with: `^mk-[A-Z]` gives `mk-`; empty when that can't be told. */
export function literalPrefix(source: string): string {
  if (source.includes('|')) return '';
  const literal = /^\^([A-Za-z0-9_~:-]+)/.exec(source)?.[1] ?? '';
  // A quantifier speaks of the last character.
  const next = source.charAt(literal.length + 1);
  const sure = /[*?{+]/.test(next) ? literal.slice(0, -1) : literal;
  return sure.length >= 2 ? sure : '';
}
