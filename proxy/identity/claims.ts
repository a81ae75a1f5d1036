/** What a token whose signature is good must still say to be let in, and what railguard keeps of it. */
import { hash } from 'node:crypto';
import type { Header } from './compact.ts';
import { TokenRefused } from './refused.ts';

export interface ClaimsPolicy {
  /** Any of them; empty when issuers don't matter. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** Milliseconds a clock may be off. */
  readonly tolerance: number;
  readonly required: readonly string[];
  /** Kinds of token that are not for access, in lower case. */
  readonly refusedTypes: readonly string[];
}

/** Milliseconds since the epoch throughout. */
export interface TokenFacts {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Infinity when the token does not expire (only where `exp` is not required). */
  readonly expiresAt: number;
  readonly issuedAt: number | undefined;
  readonly authTime: number | undefined;
  /** Names the session without giving its id away; undefined when the token names none. */
  readonly session: string | undefined;
  /** Names the token; undefined without `jti`. */
  readonly tokenId: string | undefined;
  /** SHA-256 of the token, base64. */
  readonly digest: string;
}

/** Clocks of servers drift: a token from the near future is no forgery. */
const FUTURE_GRACE = 60_000;
const MAX_SUBJECT = 1024;
const TYPE_CLAIMS = ['type', 'token_type', 'token_use', 'typ'];

/** Throws TokenRefused: expired, not_yet_valid, claims, issuer, audience, type. */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  header: Header,
  policy: ClaimsPolicy,
  now: number,
  digest: string,
): TokenFacts {
  const expiresAt = date(claims.exp);
  const notBefore = date(claims.nbf);
  const issuedAt = date(claims.iat);
  for (const name of policy.required) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value === undefined || value === null || value === '') throw new TokenRefused('claims');
  }
  checkType(claims, header, policy.refusedTypes);
  checkParties(claims, policy);
  const subject = subjectOf(claims.sub);
  if (expiresAt !== undefined && hasExpired(expiresAt, now, policy.tolerance))
    throw new TokenRefused('expired');
  if (notBefore !== undefined && notBefore > now + policy.tolerance) throw new TokenRefused('not_yet_valid');
  if (issuedAt !== undefined && issuedAt > now + policy.tolerance + FUTURE_GRACE)
    throw new TokenRefused('not_yet_valid');
  const tokenId = identifier(claims.jti);
  const sessionId = identifier(claims.session_id) ?? tokenId;
  return {
    subject,
    claims,
    expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
    issuedAt,
    authTime: date(claims.auth_time),
    session: sessionId === undefined ? undefined : nameOf('session', subject, sessionId),
    tokenId: tokenId === undefined ? undefined : nameOf('jti', '', tokenId),
    digest,
  };
}

/** On or after the expiry (RFC 7519 §4.1.4). */
export const hasExpired = (expiresAt: number, now: number, tolerance: number): boolean =>
  now >= expiresAt + tolerance;

/** A short name for an id that may itself be a credential: nobody can turn it back. */
export function nameOf(kind: 'session' | 'jti' | 'sub', subject: string, id: string): string {
  return hash('sha256', `${kind}:${subject.length}:${subject}:${id}`, 'base64url').slice(0, 22);
}

function date(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > 1e11)
    throw new TokenRefused('claims');
  return value * 1000;
}

function identifier(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TokenRefused('claims');
}

function subjectOf(value: unknown): string {
  const subject = identifier(value) ?? '';
  if (subject.length > MAX_SUBJECT) throw new TokenRefused('claims');
  return subject;
}

function checkType(
  claims: Readonly<Record<string, unknown>>,
  { typ }: Header,
  refused: readonly string[],
): void {
  if (refused.length === 0) return;
  if (typ !== undefined && refused.includes(typ)) throw new TokenRefused('type');
  for (const name of TYPE_CLAIMS) {
    const value = claims[name];
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'string' && refused.includes(one.trim().toLowerCase()))
        throw new TokenRefused('type');
    }
  }
}

function checkParties({ iss, aud }: Readonly<Record<string, unknown>>, policy: ClaimsPolicy): void {
  const { issuers, audiences } = policy;
  if (issuers.length > 0 && !(typeof iss === 'string' && issuers.includes(iss)))
    throw new TokenRefused('issuer');
  if (audiences.length === 0) return;
  const given: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!given.some((one) => typeof one === 'string' && audiences.includes(one)))
    throw new TokenRefused('audience');
}
