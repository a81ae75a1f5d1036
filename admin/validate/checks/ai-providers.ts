/** Keys of AI providers: that there is more than one, and that each is what its provider gives out. */
import { type Check, reference } from '../check.ts';
import type { JudgedSecret, Subject } from '../subject.ts';
import { findingsOf } from './secrets.ts';

const FEW = 2;
/** These search; they answer for no other provider. */
const SEARCH: ReadonlySet<string> = new Set(['TAVILY_API_KEY', 'SERPER_API_KEY']);

const keys = ({ secrets, failed }: Subject): readonly JudgedSecret[] =>
  secrets.filter(({ secret }) => secret.category === 'ai_providers' && !failed.has(secret.name));

export const configuredProviders = (subject: Subject): readonly string[] =>
  keys(subject)
    .filter(({ secret, inspection }) => secret.value !== undefined && inspection.format !== 'placeholder')
    .filter(({ secret }) => !SEARCH.has(secret.name))
    .map(({ secret }) => secret.name);

export const aiProviders: readonly Check[] = [
  {
    id: 'ai-providers-few',
    category: 'ai_providers',
    severity: 'warning',
    holds: 'Keys of two AI providers or more are set',
    reason: 'With one provider, its outage is yours. railguard calls none; it watches the keys it is given.',
    mend: `Set the keys of a second provider; on Railway by reference to the app's (\`${reference('app.OPENAI_API_KEY')}\`). An app without AI can leave this warning be.`,
    find: (subject) => {
      const names = configuredProviders(subject);
      if (names.length >= FEW) return undefined;
      return names.length === 0 ? 'No AI provider key is set.' : `Only ${names[0]} is set.`;
    },
  },
  {
    id: 'ai-provider-key',
    category: 'ai_providers',
    severity: 'warning',
    holds: 'Each key is of the form its provider gives out, and stands under one name',
    reason: 'A stand-in, a cut key, or one under the name of another provider fails at the first call.',
    mend: 'Copy the key again from the page of its provider.',
    find: (subject) =>
      findingsOf(
        keys(subject),
        [
          'placeholder',
          'known_weak',
          'weak',
          'too_short',
          'reused',
          'unexpected_format',
          'bad_checksum',
          'surrounding_blanks',
          'test_key_in_production',
        ],
        subject.production,
      ),
  },
  {
    id: 'ai-provider-overdue',
    category: 'ai_providers',
    severity: 'warning',
    holds: 'No provider key is older than 90 days',
    reason: 'Keys of providers leak most: into notebooks, logs, screenshots.',
    mend: 'Make a new key at the provider, set it, revoke the old, and set its `…_ROTATED_AT`.',
    find: (subject) =>
      keys(subject).flatMap(({ secret, rotation }) =>
        rotation.rotation === 'overdue'
          ? [
              {
                message: `${secret.name} is ${rotation.age_days} days old; it may be ${secret.rotationDays}.`,
              },
            ]
          : [],
      ),
  },
];
