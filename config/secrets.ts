/** The catalogue of the secrets that are watched, and where what is known of their age is kept. */
import { parseEach } from './parse.ts';
import { isSet } from './platform.ts';
import { Secret } from './secret.ts';
import { bad, type Context, good, type Parsed, quote, secret, type Variable, variable } from './var.ts';

export const SECRET_CATEGORIES = ['ai_providers', 'security', 'infrastructure', 'external_services'] as const;
export type SecretCategory = (typeof SECRET_CATEGORIES)[number];

/** Days after which a secret of the category should be another one. */
export const ROTATION_DAYS: Readonly<Record<SecretCategory, number>> = {
  ai_providers: 90,
  security: 180,
  infrastructure: 365,
  external_services: 120,
};

/** Who issues it, and so what it looks like; `key` is made by the operator, `any` is of no known shape. */
export type SecretFormat =
  | 'openai'
  | 'anthropic'
  | 'google'
  | 'groq'
  | 'xai'
  | 'perplexity'
  | 'qwen'
  | 'moonshot'
  | 'openrouter'
  | 'huggingface'
  | 'tavily'
  | 'serper'
  | 'stripe'
  | 'github'
  | 'sentry'
  | 'database'
  | 'redis'
  | 'key'
  | 'any';

export interface SecretKind {
  readonly name: string;
  readonly category: SecretCategory;
  readonly rotationDays: number;
  readonly format: SecretFormat;
  /** `always` and `production`: without it nothing works, or nothing that is in production. */
  readonly needed: 'always' | 'production' | 'no';
}

const kind = <const N extends string>(
  name: N,
  category: SecretCategory,
  format: SecretFormat,
  more: Partial<Pick<SecretKind, 'rotationDays' | 'needed'>> = {},
) => ({ name, category, format, rotationDays: ROTATION_DAYS[category], needed: 'no' as const, ...more });

/** Declared here, one a line. */
const OWN = [
  kind('OPENAI_API_KEY', 'ai_providers', 'openai'),
  kind('ANTHROPIC_API_KEY', 'ai_providers', 'anthropic'),
  kind('GOOGLE_API_KEY', 'ai_providers', 'google'),
  kind('GROQ_API_KEY', 'ai_providers', 'groq'),
  kind('GROK_API_KEY', 'ai_providers', 'xai'),
  kind('PERPLEXITY_API_KEY', 'ai_providers', 'perplexity'),
  kind('XAI_API_KEY', 'ai_providers', 'xai'),
  kind('QWEN_API_KEY', 'ai_providers', 'qwen'),
  kind('MOONSHOT_API_KEY', 'ai_providers', 'moonshot'),
  kind('OPENROUTER_API_KEY', 'ai_providers', 'openrouter'),
  kind('HUGGINGFACE_API_KEY', 'ai_providers', 'huggingface'),
  kind('TAVILY_API_KEY', 'ai_providers', 'tavily'),
  kind('SERPER_API_KEY', 'ai_providers', 'serper'),
  kind('CSRF_SECRET_KEY', 'security', 'key'),
  kind('COOKIE_SECRET_KEY', 'security', 'key'),
  kind('SESSION_SECRET_KEY', 'security', 'key'),
  kind('STRIPE_API_KEY', 'external_services', 'stripe'),
  kind('GITHUB_TOKEN', 'external_services', 'github'),
] as const;

/** Declared where they are used. */
const ELSEWHERE: readonly SecretKind[] = [
  kind('JWT_SECRET_KEY', 'security', 'key', { needed: 'always' }),
  kind('DATABASE_URL', 'infrastructure', 'database', { needed: 'production' }),
  kind('REDIS_URL', 'infrastructure', 'redis'),
  kind('SENTRY_DSN', 'infrastructure', 'sentry', { rotationDays: ROTATION_DAYS.external_services }),
];

/** All 22. */
export const SECRET_KINDS: readonly SecretKind[] = [...ELSEWHERE, ...OWN];

type OwnName = (typeof OWN)[number]['name'];
const own = Object.fromEntries(
  OWN.map(({ name, category }) => [
    name,
    secret(name, { doc: `Of the app, watched for strength and age (${category.replace('_', ' ')}).` }),
  ]),
) as Record<OwnName, Variable<Secret | undefined>>;

/** A secret the operator adds to the catalogue. */
export interface ExtraSecret {
  readonly name: string;
  readonly category: SecretCategory;
  readonly value: Secret | undefined;
  /** Milliseconds since the epoch. */
  readonly rotatedAt: number | undefined;
}

function parseExtra(item: string, { env }: Context): Parsed<ExtraSecret> {
  const [, name = '', wanted] = /^([A-Za-z_]\w*)=(.*)$/s.exec(item) ?? [];
  const category = SECRET_CATEGORIES.find((one) => one === wanted);
  // What stands after the sign may be the secret itself, set in the wrong place.
  if (category === undefined)
    return bad(
      `${name === '' ? 'an item' : quote(name)} is not NAME=category; categories are ${SECRET_CATEGORIES.join(', ')}`,
    );
  if (SECRET_KINDS.some((one) => one.name === name))
    return bad(`${quote(name)} is watched already; leave it out`);
  const date = isSet(env, rotatedName(name)) ? parseDate(env[rotatedName(name)] as string) : good(undefined);
  if ('error' in date) return bad(`has ${quote(name)}, whose ${rotatedName(name)} ${date.error}`);
  const value = isSet(env, name) ? new Secret(env[name] as string) : undefined;
  return good({ name, category, value, rotatedAt: date.value });
}

const rotatedName = (name: string): string => `${name}_ROTATED_AT`;

/** A day, or a moment of ISO 8601, as milliseconds since the epoch. */
function parseDate(text: string): Parsed<number> {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
  const time = form.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  const day = new Date(time);
  const real = !Number.isNaN(time) && (text.includes('T') || day.toISOString().startsWith(text.trim()));
  return real ? good(time) : bad(`${quote(text)} is not a date; write it as 2026-11-30`);
}

export type SecretsState =
  | { readonly kind: 'postgres' | 'memory' }
  | { readonly kind: 'file'; readonly path: string };

function parseState(text: string, { env }: Context): Parsed<SecretsState> {
  if (text === 'memory') return good({ kind: 'memory' });
  if (text === 'postgres')
    return isSet(env, 'DATABASE_URL')
      ? good({ kind: 'postgres' })
      : bad('is postgres without a database; set DATABASE_URL, or use file:PATH');
  const path = /^file:(.+)$/.exec(text)?.[1];
  return path === undefined
    ? bad(`${quote(text)} is none of its values; use postgres, file:PATH or memory`)
    : good({ kind: 'file', path });
}

export const secrets = {
  ...own,
  extra: variable(
    'SECRETS_EXTRA',
    { default: 'none', doc: 'More secrets to watch, as `NAME=category` each.' },
    {
      kind: 'list of NAME=category',
      parse: (text, context) => parseEach(text, (item) => parseExtra(item, context)),
      show: (extra) => extra.map(({ name, category }) => `${name}=${category}`),
    },
  ),
  state: variable(
    'SECRETS_STATE',
    {
      default: {
        from: ({ env }) => (isSet(env, 'DATABASE_URL') ? 'postgres' : 'memory'),
        text: '`postgres` when `DATABASE_URL` is set, else `memory`',
      },
      doc: 'Where keyed fingerprints are kept, from which a rotation is found.',
    },
    {
      kind: '`postgres`, `file:PATH` or `memory`',
      parse: parseState,
      show: (state) => (state.kind === 'file' ? `file:${state.path}` : state.kind),
    },
  ),
  pepper: secret('SECRETS_PEPPER', {
    min: 32,
    doc: 'Key of the fingerprints; without it one is drawn and kept beside them.',
  }),
};

/** When each was last changed, for those whose past railguard has not seen. */
export const rotationDates = Object.fromEntries(
  SECRET_KINDS.map(({ name }) => [
    rotatedName(name),
    variable(
      rotatedName(name),
      { doc: `Day on which ${name} was last changed.` },
      { kind: 'date', parse: parseDate, show: (time) => new Date(time as number).toISOString() },
    ),
  ]),
) as Record<string, Variable<number | undefined>>;
