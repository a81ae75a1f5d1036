/** Secrets of every shape, drawn by chance, and near misses of each. */
import { githubChecksum } from '../../../../admin/secrets/formats.ts';
import type { ManagedSecret } from '../../../../config/managed-secrets.ts';
import { Secret } from '../../../../config/secret.ts';
import { SECRET_KINDS } from '../../../../config/secrets.ts';

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const HEX = `${DIGITS}abcdef`;
export const BASE62 = `${DIGITS}${UPPER}${LOWER}`;
export const URL_SAFE = `${BASE62}-_`;

let seed = 20_261_125;

/** Below `bound`, by a small generator (mulberry32) that draws the same in every run: a rare miss is none by chance. */
function below(bound: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
}

export const draw = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[below(alphabet.length)]).join('');

const word = (length: number): string => draw(BASE62, length);
const safe = (length: number): string => draw(URL_SAFE, length);
const hex = (length: number): string => draw(HEX, length);
const MARK = 'T3BlbkFJ';

function github(prefix: string): string {
  const text = word(30);
  return `${prefix}_${text}${githubChecksum(text)}`;
}

const xai = [() => `xai-${draw(`${BASE62}_`, 80)}`];
const key = [() => word(43), () => hex(64), () => safe(43), () => `${draw(`${BASE62}+/`, 43)}=`];

/** By name, ways to draw a valid value; twenty values are drawn by turns. */
export const VALID: Readonly<Record<string, readonly (() => string)[]>> = {
  OPENAI_API_KEY: [
    () => `sk-proj-${safe(74)}${MARK}${safe(74)}`,
    () => `sk-svcacct-${safe(58)}${MARK}${safe(58)}`,
    () => `sk-admin-${safe(58)}${MARK}${safe(58)}`,
    () => `sk-${word(20)}${MARK}${word(20)}`,
    () => `sk-service-${safe(40)}${MARK}${safe(40)}`,
    () => `sk-None-${safe(20)}${MARK}${safe(20)}`,
  ],
  ANTHROPIC_API_KEY: ['api03', 'admin01', 'oat01', 'ort01'].map(
    (kind) => () => `sk-ant-${kind}-${safe(93)}AA`,
  ),
  GOOGLE_API_KEY: [() => `AIza${safe(35)}`, () => `AIza${safe(34)}-`, () => `AQ.${safe(50)}`],
  GROQ_API_KEY: [() => `gsk_${word(52)}`],
  GROK_API_KEY: xai,
  XAI_API_KEY: xai,
  PERPLEXITY_API_KEY: [() => `pplx-${word(48)}`],
  QWEN_API_KEY: [() => `sk-${hex(32)}`, () => `sk-sp-${hex(32)}`],
  MOONSHOT_API_KEY: [() => `sk-${word(48)}`, () => `sk-kimi-${word(64)}`],
  OPENROUTER_API_KEY: [() => `sk-or-v1-${hex(64)}`],
  HUGGINGFACE_API_KEY: [() => `hf_${draw(LOWER + UPPER, 34)}`],
  TAVILY_API_KEY: [() => `tvly-${word(32)}`, () => `tvly-dev-${word(32)}`, () => `tvly-prod-${word(20)}`],
  SERPER_API_KEY: [() => hex(40)],
  JWT_SECRET_KEY: key,
  CSRF_SECRET_KEY: key,
  COOKIE_SECRET_KEY: key,
  SESSION_SECRET_KEY: key,
  DATABASE_URL: [
    () => `postgresql://app:${hex(48)}@db.example.org:5432/app?sslmode=verify-full`,
    () => `postgres://app:${word(32)}@db.railway.internal/app`,
    () => `postgresql+asyncpg://app:${safe(32)}@db.example.org:5432/app?sslmode=require`,
    () => `postgresql://app:${word(32)}@a.example.org:5432,b.example.org:5432/app?sslmode=require`,
    () => `postgres://app:${word(24)}%2F${word(8)}@[2001:db8::1]:5432/app?sslmode=require`,
  ],
  REDIS_URL: [
    () => `rediss://default:${word(32)}@cache.example.org:6380/0`,
    () => `redis://:${hex(40)}@redis.railway.internal:6379`,
  ],
  SENTRY_DSN: [
    () => `https://${hex(32)}@o${draw(DIGITS, 6)}.ingest.sentry.io/${draw(DIGITS, 7)}`,
    () => `https://${hex(32)}@o${draw(DIGITS, 6)}.ingest.us.sentry.io/${draw(DIGITS, 16)}`,
    () => `https://${hex(32)}@o${draw(DIGITS, 6)}.ingest.de.sentry.io/${draw(DIGITS, 16)}`,
    () => `https://${word(32)}@errors.example.org/42`,
  ],
  STRIPE_API_KEY: [
    () => `sk_live_${word(24)}`,
    () => `rk_live_${word(24)}`,
    () => `sk_live_51${word(97)}`,
    () => `rk_live_51${word(97)}`,
  ],
  GITHUB_TOKEN: [
    ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((prefix) => () => github(prefix)),
    () => `github_pat_${word(22)}_${word(59)}`,
    () => `ghs_${draw(DIGITS, 6)}_eyJ${safe(30)}.eyJ${safe(60)}.${safe(86)}`,
  ],
};

/** What happens to a key on its way into a variable. */
const SLIPS: readonly ((value: string) => string)[] = [
  (value) => value.slice(0, -3),
  (value) => value.slice(3),
  (value) => `${value}Zz9`,
  (value) => `${value.slice(0, 9)} ${value.slice(9)}`,
  (value) => `"${value}"`,
  (value) => `${value.slice(0, -1)}!`,
  (value) => value.slice(0, Math.floor(value.length / 2)),
  (value) => `${value}\n${value}`,
];

const NO_URL: readonly (() => string)[] = [
  () => word(40),
  () => `mysql://app:${word(20)}@db.example.org/app`,
  () => `http://app:${word(20)}@db.example.org/app`,
  () => `//app:${word(20)}@db.example.org/app`,
  () => `app:${word(20)}@db.example.org`,
  () => `postgresql//app:${word(20)}@db.example.org/app`,
  () => `redis//:${word(20)}@cache.example.org`,
  () => `postgres://app:${word(8)}/${word(8)}@db.example.org/app`,
  () => `rediss://app:${word(8)}#${word(8)}@cache.example.org`,
  () => `DATABASE_URL=postgres://app:${word(20)}@db.example.org/app`,
];

/** Near misses of what a slip does not make wrong. */
const WRONG: Readonly<Record<string, readonly (() => string)[]>> = {
  DATABASE_URL: NO_URL,
  REDIS_URL: NO_URL,
  SENTRY_DSN: [
    () => `https://o${draw(DIGITS, 6)}.ingest.sentry.io/${draw(DIGITS, 7)}`,
    () => `https://${hex(31)}@o${draw(DIGITS, 6)}.ingest.sentry.io/${draw(DIGITS, 7)}`,
    () => `https://${hex(32)}@o${draw(DIGITS, 6)}.ingest.sentry.io/`,
    () => `${hex(32)}@errors.example.org/42`,
    () => `https://${hex(32)}@errors.example.org`,
    () => `https://${hex(32)}@o${draw(DIGITS, 6)}.ingest.fr.sentry.io/${draw(DIGITS, 7)}`,
  ],
  GITHUB_TOKEN: [
    () => `ghp_${word(36)}`,
    () => github('ghx'),
    () => `github_pat_${word(59)}_${word(22)}`,
    () => `ghp_${word(40)}`,
  ],
  HUGGINGFACE_API_KEY: [() => `hf_${draw(LOWER, 33)}7`, () => `hf_${draw(LOWER, 20)}`],
};
for (const name of ['JWT_SECRET_KEY', 'CSRF_SECRET_KEY', 'COOKIE_SECRET_KEY', 'SESSION_SECRET_KEY'])
  (WRONG as Record<string, readonly (() => string)[]>)[name] = [
    () => word(31),
    () => hex(30),
    () => safe(20),
    () => word(16),
  ];

export const TURNS = 20;
/** How many of the forms have one length: a key that may be longer or shorter is not wrong when it is. */
const OF_ONE_LENGTH: Readonly<Record<string, number>> = {
  OPENAI_API_KEY: 4,
  MOONSHOT_API_KEY: 1,
  TAVILY_API_KEY: 1,
  STRIPE_API_KEY: 2,
};
const turns = Array.from({ length: TURNS }, (_, turn) => turn);
const pick = <T>(list: readonly T[], turn: number): T => list[turn % list.length] as T;

export const validValues = (name: string): string[] =>
  turns.map((turn) => pick(VALID[name] as readonly (() => string)[], turn)());

export const invalidValues = (name: string): string[] =>
  turns.map((turn) => {
    const wrong = WRONG[name];
    if (wrong !== undefined) return pick(wrong, turn)();
    const forms = VALID[name] as readonly (() => string)[];
    return pick(SLIPS, turn)(pick(forms.slice(0, OF_ONE_LENGTH[name]), turn)());
  });

export function managed(name: string, value: string | undefined, rotatedAt?: number): ManagedSecret {
  const kind = SECRET_KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`${name} is not in the catalogue`);
  return { ...kind, value: value === undefined ? undefined : new Secret(value), rotatedAt };
}

/** All 22, each with what `values` has for it. */
export const catalogue = (values: Readonly<Record<string, string>>): ManagedSecret[] =>
  SECRET_KINDS.map(({ name }) => managed(name, values[name]));
