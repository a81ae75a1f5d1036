/** What can be wrong with a secret, how bad each is, and what to do about it. */
import type { ManagedSecret } from '../../config/managed-secrets.ts';
import type { SecretFormat } from '../../config/secrets.ts';

export type Finding =
  | 'placeholder'
  | 'known_weak'
  | 'weak'
  | 'too_short'
  | 'reused'
  | 'unexpected_format'
  | 'bad_checksum'
  | 'surrounding_blanks'
  | 'test_key_in_production'
  | 'localhost'
  | 'no_tls'
  | 'no_password'
  | 'retired_value'
  | 'replicas_differ'
  | 'pepper_changed'
  | 'date_in_future';

export type Severity = 'healthy' | 'warning' | 'critical';

/** Those that let anybody in, where it matters. */
const GRAVE: ReadonlySet<Finding> = new Set(['placeholder', 'known_weak', 'too_short', 'no_password']);
/** Those that say something of the watching, not of the secret. */
const MILD: ReadonlySet<Finding> = new Set(['pepper_changed']);

/** `production`: only there is a weakness open to the world. */
export function severityOf(finding: Finding, secret: ManagedSecret, production: boolean): Severity {
  if (MILD.has(finding)) return 'healthy';
  const needed = secret.needed !== 'no';
  const guards = secret.category === 'security' || needed;
  const grave = (guards && GRAVE.has(finding)) || (needed && finding === 'unexpected_format');
  return production && grave ? 'critical' : 'warning';
}

const RANDOM = 'run `openssl rand -base64 48` and set what it prints';

const PAGES: Readonly<Partial<Record<SecretFormat, string>>> = {
  openai: 'platform.openai.com/api-keys',
  anthropic: 'console.anthropic.com/settings/keys',
  google: 'aistudio.google.com/apikey',
  groq: 'console.groq.com/keys',
  xai: 'console.x.ai',
  perplexity: 'www.perplexity.ai/settings/api',
  qwen: 'modelstudio.console.alibabacloud.com',
  moonshot: 'platform.moonshot.ai/console',
  openrouter: 'openrouter.ai/settings/keys',
  huggingface: 'huggingface.co/settings/tokens',
  tavily: 'app.tavily.com',
  serper: 'serper.dev/api-key',
  stripe: 'dashboard.stripe.com/apikeys',
  github: 'Settings, Developer settings, Personal access tokens',
};

/** How to get another one. */
export function remedy({ format }: ManagedSecret): string {
  const page = PAGES[format];
  if (page !== undefined) return `make a new one at its provider (${page}) and revoke the old`;
  if (format === 'database' || format === 'redis')
    return 'run `openssl rand -hex 32`, give the role that password (Railway: regenerate it in the service), and set the new URL';
  if (format === 'sentry') return 'make a new client key in its settings and revoke the old';
  return RANDOM;
}

const REASONS: Readonly<Record<Finding, string>> = {
  placeholder: 'is a stand-in, not a secret',
  known_weak: 'is known to everybody or guessed in a minute',
  weak: 'was made up by a person or is too short, so it can be guessed',
  too_short: 'has fewer than 32 bytes, which its algorithm needs',
  reused: 'is the same as another secret here, so one leak opens both; give each its own',
  unexpected_format: 'does not look like what its issuer gives out',
  bad_checksum: 'has a wrong checksum, so it was cut or mistyped',
  surrounding_blanks: 'begins or ends with a blank or a line break; most programs take that for a part of it',
  test_key_in_production: 'is a key for trying things out, in production',
  localhost: 'leads to this machine itself, in production; set the address of the service',
  no_tls: 'leads over the network without TLS',
  no_password: 'has no password',
  retired_value: 'is a value that was replaced before; whoever has it from then can use it again',
  replicas_differ: 'is not the same on all replicas; deploy them again with one value',
  pepper_changed: 'can not be compared with what was seen before, since SECRETS_PEPPER is another one',
  date_in_future: 'has a date of rotation in the future',
};

const CURED_OTHERWISE: Readonly<Partial<Record<Finding, (secret: ManagedSecret) => string>>> = {
  localhost: () => '',
  replicas_differ: () => '',
  surrounding_blanks: () => 'set it again without',
  no_tls: ({ format }) => (format === 'redis' ? 'begin the URL with `rediss:`' : 'add `sslmode=verify-full`'),
  pepper_changed: ({ name }) =>
    `give back the old one, or set ${name}_ROTATED_AT to the day of its last change`,
  date_in_future: ({ name }) => `mend ${name}_ROTATED_AT`,
};

/** One sentence: what is wrong and what mends it; nothing of the value. */
export function advice(finding: Finding, secret: ManagedSecret): string {
  const mend = CURED_OTHERWISE[finding]?.(secret) ?? remedy(secret);
  return `${secret.name} ${REASONS[finding]}${mend === '' ? '' : `; ${mend}`}.`;
}
