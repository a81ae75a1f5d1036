/** Hides credentials after an authorization scheme, and keeps the scheme: `Bearer [redacted:bearer]`. */
import { looksHex, looksRandom } from './chance.ts';
import { isPlaceholder } from './placeholders.ts';
import type { Scan } from './scan.ts';
import { CERTAINTY } from './spans.ts';
import { bareEnd, FIRST_LOOK, openingQuote } from './values.ts';

const SCHEME = /([A-Za-z][\w-]{1,31})(?:[ \t]+|%20|\+|\\u0020)(?=[^\s"'])/y;
/** Schemes whose credential is a list of parameters, up to the end of the line. */
const LISTS = /^(?:digest|hawk|oauth|mac|aws4-hmac-sha256|sharedkey(?:lite)?|signature|acs)$/i;
const KNOWN =
  /^(?:bearer|basic|token|api-?key|key|negotiate|ntlm|dpop|ssws|splunk|geniekey|pk|gnap|bot|jwt|apptoken|zoho-oauthtoken|klaviyo-api-key|privatetoken|discogs|kerberos|flyv1|signature|sharedaccesssignature|secret|awscredentials|nats)$/i;
const CHALLENGE = /^(?:realm|error|error_description|scope|resource_metadata|charset|title)=/i;

const lineEnd = (text: string, from: number): number => {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || c === 13 || (c === 92 && /[nr]/.test(text.charAt(i + 1)))) return i;
  }
  return text.length;
};

/** Reads the value of an authorization field from `at`; returns where it ends. */
export function authorizationAt(scan: Scan, at: number, encoded: boolean): number {
  const { text } = scan;
  const from = text.charCodeAt(at) === 91 ? at + 1 : at;
  const quote = openingQuote(text, from);
  const start = quote ? quote.start : from;
  const close = quote ? scan.closings.find(text, quote.open, quote.start) : -1;
  SCHEME.lastIndex = start;
  const scheme = SCHEME.exec(text)?.[1] ?? '';
  const known = KNOWN.test(scheme) || LISTS.test(scheme);
  const credential = scheme === '' || (close >= 0 && SCHEME.lastIndex >= close) ? start : SCHEME.lastIndex;
  let end =
    close >= 0
      ? close
      : LISTS.test(scheme)
        ? lineEnd(text, credential)
        : bareEnd(text, credential, encoded, Math.min(text.length, credential + FIRST_LOOK));
  const head = text.slice(credential, Math.min(end, credential + 256));
  if (isPlaceholder(head) || CHALLENGE.test(head) || head.startsWith('{')) return start;
  if (!known && credential > start && !quote && !/\d/.test(head) && head.length < 20) return start;
  if (close < 0 && end >= credential + FIRST_LOOK) end = bareEnd(text, end, encoded);
  const kind = /^(?:bearer|basic|digest)$/i.test(scheme) ? scheme.toLowerCase() : 'authorization';
  scan.spans.add(credential, end, kind, CERTAINTY.key);
  return end;
}

/** A scheme and a credential in running text, where no field name stands before them. */
export function schemeAt(scan: Scan, at: number): number {
  const { text } = scan;
  SCHEME.lastIndex = at;
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'bearer' && scheme !== 'basic') return at;
  const start = SCHEME.lastIndex;
  let end = bareEnd(text, start, false, Math.min(text.length, start + FIRST_LOOK));
  const head = text.slice(start, Math.min(end, start + 256)).replace(/[.,;:)]+$/, '');
  if (isPlaceholder(head) || CHALLENGE.test(head)) return at;
  const likely = scheme === 'basic' ? isUserAndPassword(head) : looksLikeBearer(head);
  if (!likely) return at;
  if (end >= start + FIRST_LOOK) end = bareEnd(text, end, false);
  scan.spans.add(
    start,
    end - start > head.length && end - start <= 256 ? start + head.length : end,
    scheme,
    CERTAINTY.key,
  );
  return end;
}

const looksLikeBearer = (head: string): boolean =>
  looksRandom(head) ||
  looksHex(head) ||
  (head.length >= 8 && /\d/.test(head)) ||
  (head.length >= 20 && /[A-Z_.]/.test(head));

function isUserAndPassword(head: string): boolean {
  if (!/^[A-Za-z0-9+/_-]{6,}={0,2}$/.test(head)) return false;
  return (
    looksRandom(head) || /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(head, 'base64').toString('latin1'))
  );
}
