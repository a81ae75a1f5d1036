/** Secrets that are missing, weak, short, stand-ins, reused or overdue; judged where `/health/secrets` judges them. */
import { advice, type Finding, remedy, severityOf } from '../../secrets/findings.ts';
import { strengthOf } from '../../secrets/strength/strength.ts';
import { type Check, reference, type Said } from '../check.ts';
import type { JudgedSecret, Subject } from '../subject.ts';

/** Said by the checks of the database. */
const ELSEWHERE: ReadonlySet<Finding> = new Set(['localhost', 'no_tls']);

interface Kind {
  readonly id: string;
  readonly findings: readonly Finding[];
  readonly holds: string;
  readonly reason: string;
}

const KINDS: readonly Kind[] = [
  {
    id: 'secret-placeholder',
    findings: ['placeholder'],
    holds: 'No secret is a stand-in',
    reason: 'Values such as `changeme` or `your-key-here` are in every example, and the first that is tried.',
  },
  {
    id: 'secret-weak',
    findings: ['weak', 'known_weak', 'no_password'],
    holds: 'Secrets that an operator makes are strong (60 of 100 or more)',
    reason:
      'A key that a person made up can be guessed, and whoever guesses a signing key writes tokens for anybody.',
  },
  {
    id: 'secret-short',
    findings: ['too_short'],
    holds: 'Signing keys have 32 bytes or more',
    reason: 'HS256 asks for a key of 256 bits (RFC 7518, section 3.2).',
  },
  {
    id: 'secret-reused',
    findings: ['reused'],
    holds: 'No two secrets have one value',
    reason: 'One leak would open both doors, and neither could be changed alone.',
  },
  {
    id: 'secret-format',
    findings: ['unexpected_format', 'bad_checksum', 'surrounding_blanks'],
    holds: 'Keys look as their issuers write them',
    reason: 'A key that was cut, mistyped or put under another name fails at the first call, in production.',
  },
  {
    id: 'secret-test-key',
    findings: ['test_key_in_production'],
    holds: 'No key for trying things out is in production',
    reason: 'Payments made with a test key are not made.',
  },
];

const ALL_NAMES = (subject: Subject): readonly JudgedSecret[] =>
  subject.secrets.filter(({ secret }) => !subject.failed.has(secret.name));

/** Provider keys are judged under their own category. */
const ofOperator = (subject: Subject): readonly JudgedSecret[] =>
  ALL_NAMES(subject).filter(({ secret }) => secret.category !== 'ai_providers');

export function findingsOf(
  judged: readonly JudgedSecret[],
  findings: readonly Finding[],
  production: boolean,
): Said[] {
  return judged.flatMap(({ secret, inspection }) =>
    inspection.findings
      .filter((one) => findings.includes(one) && !ELSEWHERE.has(one))
      .map((one): Said => {
        const severity = severityOf(one, secret, production);
        const [message = '', ...mend] = advice(one, secret).split('; ');
        return {
          message: sentence(message),
          mend: capital(sentence(mend.join('; ') || remedy(secret))),
          severity: severity === 'healthy' ? 'recommendation' : severity,
        };
      }),
  );
}

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const secrets: readonly Check[] = [
  {
    id: 'secret-missing',
    category: 'secrets',
    severity: 'critical',
    holds: 'The secrets that nothing works without are set',
    reason:
      'Without the key the app signs with, no token can be verified; without a database nothing is kept.',
    mend: `Set them; on Railway by reference to the app's (\`${reference('app.JWT_SECRET_KEY')}\`).`,
    find: ({ secrets: judged, production, failed }) =>
      judged
        .filter(({ secret }) => secret.value === undefined && !failed.has(secret.name))
        .filter(({ secret }) => secret.needed === 'always' || (secret.needed === 'production' && production))
        .map(({ secret }) => ({ message: `${secret.name} is not set.` })),
  },
  ...KINDS.map(
    ({ id, findings, holds, reason }): Check => ({
      id,
      category: 'secrets',
      severity: 'warning',
      holds,
      reason,
      mend: 'Make another (`openssl rand -base64 48`; a provider key on the page of its provider), set it, and revoke the old.',
      find: (subject) => findingsOf(ofOperator(subject), findings, subject.production),
    }),
  ),
  {
    id: 'secret-overdue',
    category: 'secrets',
    severity: 'warning',
    holds: 'No secret is older than its category allows',
    reason: 'Each day a secret exists it can be copied; changing it ends every copy.',
    mend: 'Change it, then set its `…_ROTATED_AT` to the day of the change.',
    find: (subject) =>
      ofOperator(subject).flatMap(({ secret, rotation }) =>
        rotation.rotation === 'overdue'
          ? [
              {
                message: `${secret.name} is ${rotation.age_days} days old; it may be ${secret.rotationDays}.`,
              },
            ]
          : rotation.findings.includes('date_in_future')
            ? [{ message: `${secret.name}_ROTATED_AT is in the future.` }]
            : [],
      ),
  },
  {
    id: 'secret-own-weak',
    category: 'secrets',
    severity: 'critical',
    holds: "railguard's own secrets are strong, and nobody else's",
    reason: 'ADMIN_TOKEN opens the admin port: configuration, sessions, revocations.',
    mend: 'Run `openssl rand -base64 48` and set what it prints.',
    reads: ['ADMIN_TOKEN', 'SECRETS_PEPPER'],
    find: ({ config, secrets: judged }) => {
      const own = [
        ['ADMIN_TOKEN', config.listeners.adminToken],
        ['SECRETS_PEPPER', config.secrets.pepper],
      ] as const;
      const others = judged.map(({ secret }) => [secret.name, secret.value?.reveal()] as const);
      return own.flatMap(([name, value]) => {
        const text = value?.reveal();
        if (text === undefined) return [];
        const same = others.find(([, other]) => other === text)?.[0];
        if (same !== undefined) return [{ message: `${name} is the same as ${same}.` }];
        if (name === 'ADMIN_TOKEN' && config.secrets.pepper?.reveal() === text)
          return [{ message: 'ADMIN_TOKEN is the same as SECRETS_PEPPER.' }];
        const { score } = strengthOf(text);
        return score < 60 ? [{ message: `${name} can be guessed: it scores ${score} of 100.` }] : [];
      });
    },
  },
  {
    id: 'secret-unresolved',
    category: 'secrets',
    severity: 'critical',
    holds: 'No variable holds a reference that was not resolved',
    reason: `Railway replaces \`${reference('service.NAME')}\`; where the text itself arrives, a name is misspelled or the value was set elsewhere.`,
    mend: 'Mend the name of the service or of the variable in the reference.',
    find: ({ env }) =>
      Object.entries(env)
        .filter(([, value]) => /\$\{\{[^}]*\}\}/.test(value ?? ''))
        .map(([name]) => ({ message: `${name} holds a reference that was not resolved.` })),
  },
  {
    id: 'secret-state',
    category: 'secrets',
    severity: 'recommendation',
    holds: 'The age of secrets is remembered',
    reason: 'In memory every restart forgets when a secret was first seen, so that none is ever overdue.',
    mend: 'Set DATABASE_URL, or SECRETS_STATE=file:PATH on a volume.',
    reads: ['SECRETS_STATE', 'DATABASE_URL'],
    applies: ({ production }) => production,
    find: ({ config }) => (config.secrets.state.kind === 'memory' ? 'SECRETS_STATE is memory.' : undefined),
  },
];
