/** What can be told of a secret by looking at it: its shape, its strength, and what is wrong with it. */
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import { dsnKey, readConnection } from './connection.ts';
import type { Finding } from './findings.ts';
import { body, checksumHolds, hasShape, isTestKey } from './formats.ts';
import { type Strength, strengthOf } from './strength/strength.ts';

export interface Inspection {
  readonly format: 'ok' | 'unexpected' | 'placeholder' | 'unknown';
  readonly score: number | null;
  readonly findings: readonly Finding[];
}

const NOT_SET: Inspection = { format: 'unknown', score: null, findings: [] };

/** Bytes of an HS256 key (RFC 7518 §3.2). */
const KEY_BYTES = 32;
const WEAK = 60;
/** An issuer's key is as strong as the issuer makes it. */
const ISSUED = 95;
const CAPS: Readonly<Partial<Record<Finding, number>>> = {
  too_short: 39,
  reused: 40,
  test_key_in_production: 50,
  unexpected_format: 50,
  no_password: 0,
};

export interface Surroundings {
  readonly production: boolean;
  /** Other secrets have the same value. */
  readonly reused: boolean;
}

/** Takes some milliseconds. */
export function inspect(secret: ManagedSecret, surroundings: Surroundings): Inspection {
  const value = secret.value?.reveal();
  if (value === undefined) return NOT_SET;
  const text = value.trim();
  const findings: Finding[] = text === value ? [] : ['surrounding_blanks'];
  if (surroundings.reused) findings.push('reused');
  const { strength, format } = look(secret, text, surroundings, findings);
  const stub = strength?.making === 'stand-in';
  if (stub) findings.unshift('placeholder');
  if (strength?.making === 'known') findings.unshift('known_weak');
  let score = strength?.score ?? null;
  for (const finding of findings) {
    const cap = CAPS[finding];
    if (cap !== undefined) score = Math.min(score ?? cap, cap);
  }
  const weak = score !== null && score < WEAK && findings.every((finding) => !EXPLAINS.has(finding));
  return { format: stub ? 'placeholder' : format, score, findings: weak ? [...findings, 'weak'] : findings };
}

/** Findings after which it need not be said that a secret is weak. */
const EXPLAINS: ReadonlySet<Finding> = new Set([
  'placeholder',
  'known_weak',
  'too_short',
  'reused',
  'test_key_in_production',
  'unexpected_format',
  'bad_checksum',
  'no_password',
]);

interface Look {
  readonly strength: Strength | undefined;
  readonly format: Inspection['format'];
}

function look(secret: ManagedSecret, text: string, surroundings: Surroundings, findings: Finding[]): Look {
  switch (secret.format) {
    case 'database':
    case 'redis':
      return lookAtConnection(secret.format, text, surroundings, findings);
    case 'key': {
      const short = Buffer.byteLength(text) < KEY_BYTES;
      if (short) findings.push('too_short');
      return { strength: strengthOf(text), format: short ? 'unexpected' : 'ok' };
    }
    case 'any':
      return { strength: strengthOf(text), format: 'unknown' };
    default:
      return lookAtIssued(secret, text, surroundings, findings);
  }
}

function lookAtIssued(
  secret: ManagedSecret,
  text: string,
  surroundings: Surroundings,
  findings: Finding[],
): Look {
  const core = secret.format === 'sentry' ? dsnKey(text) : body(text);
  const made = strengthOf(core);
  if (surroundings.production && isTestKey(secret.format, text)) findings.push('test_key_in_production');
  if (hasShape(secret.format, text) !== true) {
    if (made.making !== 'stand-in') findings.push('unexpected_format');
    return { strength: made, format: 'unexpected' };
  }
  const issued = made.making === 'chance' ? { ...made, score: ISSUED } : made;
  if (secret.format !== 'github' || checksumHolds(text)) return { strength: issued, format: 'ok' };
  findings.push('bad_checksum');
  return { strength: { ...issued, score: Math.min(issued.score, 50) }, format: 'unexpected' };
}

function lookAtConnection(
  kind: 'database' | 'redis',
  text: string,
  surroundings: Surroundings,
  findings: Finding[],
): Look {
  const connection = readConnection(kind, text);
  if (connection === undefined) {
    const strength = strengthOf(text);
    // The name of a host may read like a stand-in.
    const standIn = strength.making === 'stand-in' && !text.includes('@');
    if (!standIn) findings.push('unexpected_format');
    return { strength: standIn ? strength : { ...strength, making: 'people' }, format: 'unexpected' };
  }
  if (surroundings.production && connection.local) findings.push('localhost');
  if (!connection.encrypted) findings.push('no_tls');
  if (connection.password === undefined) {
    findings.push('no_password');
    return { strength: undefined, format: 'ok' };
  }
  return { strength: strengthOf(connection.password), format: 'ok' };
}

/** The part of a value that must be nobody else's. */
function material({ format, value }: ManagedSecret): string | undefined {
  const text = value?.reveal().trim();
  if (text === undefined) return undefined;
  if (format === 'database' || format === 'redis') return readConnection(format, text)?.password;
  return format === 'sentry' ? dsnKey(text) : text;
}

/** Names of the secrets whose value another has too; one key of one issuer may serve under two names. */
export function reusedNames(secrets: readonly ManagedSecret[]): ReadonlySet<string> {
  const holders = new Map<string, ManagedSecret[]>();
  for (const secret of secrets) {
    const text = material(secret);
    if (text !== undefined) holders.set(text, [...(holders.get(text) ?? []), secret]);
  }
  const reused = [...holders.values()].filter(
    (group) => group.length > 1 && !group.every(({ format }) => format === 'xai'),
  );
  return new Set(reused.flat().map(({ name }) => name));
}
