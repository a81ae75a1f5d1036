/** What a secret of each issuer looks like, as strictly as its issuer writes it. */
import { crc32 } from 'node:zlib';
import type { SecretFormat } from '../../config/secrets.ts';

const W = '[A-Za-z0-9_-]';
const A = '[A-Za-z0-9]';
const MARK = 'T3BlbkFJ';

const shape = (...forms: readonly string[]): RegExp => new RegExp(`^(?:${forms.join('|')})$`);

/** The issuers whose keys are told by shape alone. */
const SHAPES: Readonly<Partial<Record<SecretFormat, RegExp>>> = {
  openai: shape(
    ...[74, 58].map((n) => `sk-(?:proj|svcacct|admin)-${W}{${n}}${MARK}${W}{${n}}`),
    `sk-(?:service|None)-${W}{20,160}${MARK}${W}{20,160}`,
    `sk-${A}{20}${MARK}${A}{20}`,
  ),
  anthropic: shape(`sk-ant-(?:api03|admin01|oat01|ort01)-${W}{93}AA`),
  google: shape(`AIza${W}{35}`, `AQ\\.${W}{50}`),
  groq: shape(`gsk_${A}{52}`),
  xai: shape('xai-[0-9A-Za-z_]{80}'),
  perplexity: shape(`pplx-${A}{48}`),
  qwen: shape('sk-(?:sp-)?[0-9a-f]{32}'),
  moonshot: shape(`sk-${A}{48}`, `sk-kimi-${A}{56,72}`),
  openrouter: shape('sk-or-v1-[0-9a-f]{64}'),
  huggingface: shape('hf_[A-Za-z]{34}'),
  tavily: shape(`tvly-${A}{32}`, 'tvly-(?:dev|prod)-[A-Za-z0-9-]{20,40}'),
  serper: shape('[0-9a-f]{40}'),
  stripe: shape(`[sr]k_(?:live|test)_(?:${A}{24}|51${A}{90,105})`),
  github: shape(`gh[pousr]_${A}{36}`, `github_pat_${A}{22}_${A}{59}`, `ghs_\\d+_eyJ${W}+\\.eyJ${W}+\\.${W}+`),
  sentry: shape(
    'https://[0-9a-f]{32}(?::[0-9a-f]{32})?@o\\d+\\.ingest(?:\\.us|\\.de)?\\.sentry\\.io/\\d+',
    'https?://[^\\s:@/?#]+(?::[^\\s:@/?#]+)?@(?![^/]*sentry\\.io[:/])[A-Za-z0-9.-]+(?::\\d+)?(?:/[\\w.-]+)*/\\d+',
  ),
};

/** Beginnings and markers that every key of an issuer has, and so say nothing of its strength. */
const FIXED =
  /^(?:sk-(?:proj|svcacct|admin|service|None|kimi|sp|or-v1|ant-(?:api03|admin01|oat01|ort01))-|sk-|AIza|AQ\.|gsk_|xai-|pplx-|hf_|tvly-(?:dev-|prod-)?|[sr]k_(?:live|test)_|gh[pousr]_|github_pat_)/;

/** True when the issuer has a shape and `value` is of it; undefined when there is none to be of. */
export const hasShape = (format: SecretFormat, value: string): boolean | undefined =>
  SHAPES[format]?.test(value);

/** What is left of a key when its fixed parts are gone. */
export const body = (value: string): string => value.replace(FIXED, '').replace(MARK, '');

export const isTestKey = (format: SecretFormat, value: string): boolean =>
  format === 'stripe' && /^[sr]k_test_/.test(value);

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

/** The last six characters of a GitHub token: the CRC-32 of those between them and the prefix, in base 62. */
export function githubChecksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = BASE62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** False for a token whose checksum is wrong: mistyped, cut, or made up. */
export function checksumHolds(value: string): boolean {
  const token = /^gh[pousr]_([A-Za-z0-9]{30})([A-Za-z0-9]{6})$/.exec(value);
  return token === null || githubChecksum(token[1] as string) === token[2];
}
