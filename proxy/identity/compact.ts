/** The strict reading of a compact JWS (RFC 7515 §7.1): one spelling for one token, nothing ignored. */
import { flat } from '../header-block.ts';
import { TokenRefused } from './refused.ts';
import { strictObject } from './strict-json.ts';

export interface Compact {
  readonly header: Header;
  /** Header and payload segments with the dot between: what is signed. */
  readonly signed: string;
  /** Base64url, canonical; may be empty. */
  readonly payload: string;
  /** Base64url, canonical. */
  readonly signature: string;
}

export interface Header {
  readonly alg: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/` and `+jwt`. */
  readonly typ: string | undefined;
}

/** Characters of a token; an identity provider with many groups comes to some 8 KB. */
export const MAX_TOKEN = 16_384;
const MAX_KID = 256;
const SEGMENT = /^[A-Za-z0-9_-]*$/;
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/** Tokens of one issuer share a handful of header segments. */
const headers = new Map<string, Header>();
const MAX_HEADERS = 64;
const MAX_REMEMBERED = 256;

/** Throws TokenRefused: malformed, oversized, critical. */
export function readCompact(token: string): Compact {
  if (token.length > MAX_TOKEN) throw new TokenRefused('oversized');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first <= 0 || second < 0 || second === token.length - 1) throw new TokenRefused('malformed');
  const header = token.slice(0, first);
  const payload = token.slice(first + 1, second);
  const signature = token.slice(second + 1);
  if (!canonical(header) || !canonical(payload) || !canonical(signature)) throw new TokenRefused('malformed');
  return { header: readHeader(header), signed: token.slice(0, second), payload, signature };
}

/** Base64url without padding, without anything between, its unused bits zero (RFC 4648 §3.5). */
export function canonical(segment: string): boolean {
  if (!SEGMENT.test(segment)) return false;
  const rest = segment.length & 3;
  if (rest === 0) return true;
  if (rest === 1) return false;
  return (rest === 2 ? LAST_OF_TWO : LAST_OF_THREE).includes(segment.charAt(segment.length - 1));
}

function readHeader(segment: string): Header {
  const known = headers.get(segment);
  if (known !== undefined) return known;
  const fields = strictObject(Buffer.from(segment, 'base64url'));
  if (fields === undefined || typeof fields.alg !== 'string') throw new TokenRefused('malformed');
  // We understand no extension, so any is one too many (RFC 7515 §4.1.11); `b64` changes what is signed.
  if ('crit' in fields || 'b64' in fields) throw new TokenRefused('critical');
  // A token that brings its own key, or says where to fetch one, is trying something (RFC 8725 §3.10).
  if ('jwk' in fields || 'jku' in fields || 'x5u' in fields || 'x5c' in fields)
    throw new TokenRefused('unknown_key');
  const header: Header = { alg: fields.alg, kid: readKid(fields.kid), typ: readType(fields.typ) };
  if (headers.size < MAX_HEADERS && segment.length <= MAX_REMEMBERED) headers.set(flat(segment), header);
  return header;
}

function readKid(kid: unknown): string | undefined {
  if (kid === undefined) return undefined;
  if (typeof kid !== 'string' || kid.length > MAX_KID) throw new TokenRefused('malformed');
  return kid;
}

function readType(typ: unknown): string | undefined {
  if (typ === undefined) return undefined;
  if (typeof typ !== 'string' || typ.length > 64) throw new TokenRefused('malformed');
  return typ
    .toLowerCase()
    .replace(/^application\//, '')
    .replace(/\+jwt$/, '');
}
