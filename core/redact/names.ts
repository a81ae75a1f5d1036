/** Judges the name in front of a value: `DB_PASSWORD` holds a secret, `password_reset_url` and `max_tokens` do not. */

export type NameClass =
  | 'none'
  /** Whatever stands here is secret, even if it is short. */
  | 'secret'
  /** Secret only if the value looks drawn by chance. */
  | 'maybe'
  | 'authorization'
  | 'cookie'
  /** Names something: `name`, `key`, `header`; its value is the name of what follows. */
  | 'label'
  /** The value that belongs to a label before it. */
  | 'value';

export interface NameVerdict {
  readonly is: NameClass;
  readonly kind: string;
}

const list = (words: string): string[] => words.split(' ');

/** Nouns that say "secret" wherever they stand last. */
const NOUNS = new Map<string, string>([
  ...list(
    'password passwords passwd passwort passphrase passcode pwd pw passw pswd passwrd motdepasse contrasena senha',
  ).map((word) => [word, 'password'] as const),
  ...list('secret secrets credential credentials creds cred jwt otp totp mfa pin cvv cvc pepper').map(
    (word) => [word, 'secret'] as const,
  ),
  ...list('token tokens pat authtoken bearer xsrf csrf csrftoken xsrftoken jwe').map(
    (w) => [w, 'token'] as const,
  ),
  ...list('apikey apikeys secretkey accesskey privatekey authkey accountkey masterkey signingkey').map(
    (word) => [word, 'key'] as const,
  ),
]);
const GLUED = list(
  'password passwords passwd passphrase secret token apikey secretkey accesskey privatekey authkey pwd',
);

/** What makes of a `key` a secret one. */
const KEY_OF = new Set(
  list(
    'api access secret private auth authentication authorization signing sign signature encryption encrypt encrypted ' +
      'decryption crypto cipher master account shared service license licence application server storage hmac aes rsa ' +
      'ssh deploy session cookie jwt csrf webhook admin consumer subscription ingestion ingest write client bot root ' +
      'rails app host functions function code connection dd datadog stripe openai anthropic google gemini groq grok ' +
      'perplexity xai qwen moonshot openrouter huggingface tavily serper mistral cohere twilio sendgrid mailgun ' +
      'newrelic sentry segment algolia maps azure aws gcp recovery backup wallet rest sas dsn pagerduty integration',
  ),
);
/** What makes of a `key` or a `token` an ordinary word. */
const HARMLESS_OF = new Set(
  list(
    'public pub publishable primary foreign sort partition cache routing object row range candidate dedup lookup ' +
      'surrogate unique i18n translation hot shortcut s3 idempotency idempotence message index map dict group page next ' +
      'continuation sync cancel cancellation eos bos pad unk stop sep mask cls start end max min total prompt ' +
      'completion output cached reasoning num count pagination resume first last per avg sum limit by natural ' +
      'composite issue project ticket config setting storagekey registry metric label order join search known',
  ),
);
/** Words after the noun that leave it what it is. */
const NEUTRAL = new Set(
  list(
    'value val raw plain plaintext text string str new old current previous prev confirm confirmation confirmed again ' +
      'repeat retype primary secondary prod production live dev staging base64 b64 hex env default override hash ' +
      'hashed encrypted digest data input v1 v2 a b attempt',
  ),
);
/** Words after the noun that make it a fact about a secret. */
const FACTS = new Set(
  list(
    'count counts id ids type types name names url uri urls path file files filename dir enabled disabled required ' +
      'present set length size len limit limits policy expires expiry expired expiration ttl age at on date time ' +
      'timestamp changed updated created rotated reset strength score status state version hint label prefix suffix ' +
      'format algorithm alg method mode scheme provider source issuer audience scope scopes used usage per second ' +
      'seconds minute hour day days ms rate budget bucket window ref reference refs arn valid invalid missing ok error ' +
      'errors message messages field header headers param parameter visible only exists check checked validation ' +
      'validator manager store storage service handler function class column table index idx endpoint host port user ' +
      'username email total max min retries retry attempts fingerprint thumbprint kid bits year month uses remaining ' +
      'is has needs should supports number num position offset list family rotation interval encoding lifetime',
  ),
);
const SESSION = new Set(
  list(
    'session sessionid sessid sessionkey sid phpsessid jsessionid sess aspsessionid sessiontoken rememberme',
  ),
);
const MAYBE = new Set(
  list('auth key code signature sig salt seed assertion verifier ticket license webhook dsn mac'),
);

const none: NameVerdict = { is: 'none', kind: '' };
const label: NameVerdict = { is: 'label', kind: '' };
const value: NameVerdict = { is: 'value', kind: '' };

function split(name: string): string[] {
  return name
    .replace(/%[0-9a-f]{2}/gi, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => (/^(?:i18n|s3|base64|b64|v\d)$/.test(word) ? word : word.replace(/\d+$/, '')))
    .filter((word) => word !== '');
}

const LABELS =
  /^(?:name|key|header|variable|var|field|parameter_?key|parameter_?name|env|option_name|setting|attribute)$/i;
const VALUES = /^(?:value|val|parameter_?value|option_value|default_?value|string_?value|string)$/i;

/** Judges a name such as `DB_PASSWORD`, `user[password]`, `x-api-key`, `spring.datasource.password`. */
export function judgeName(name: string): NameVerdict {
  const words = split(name);
  while (words.length > 1 && NEUTRAL.has(words.at(-1)!)) words.pop();
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (last === 'authorization' || (last === 'auth' && before === 'proxy'))
    return { is: 'authorization', kind: 'authorization' };
  if (/^(?:set-?)?cookies?2?$/i.test(name)) return { is: 'cookie', kind: 'cookie' };
  const byNoun = judgeNoun(words, last, before);
  if (byNoun.is === 'none' || byNoun.is === 'maybe') {
    if (LABELS.test(name)) return label;
    if (VALUES.test(name)) return value;
  }
  return byNoun;
}

function judgeNoun(words: readonly string[], last: string, before: string): NameVerdict {
  const noun = NOUNS.get(last) ?? glued(last);
  if (noun !== undefined) {
    const count = noun === 'token' && HARMLESS_OF.has(before);
    return count ? none : { is: 'secret', kind: noun };
  }
  if (last === 'pass') return { is: 'secret', kind: 'password' };
  if (last === 'key' || last === 'keys') return judgeKey(words, before);
  if (SESSION.has(last) || (last === 'id' && SESSION.has(before))) return { is: 'maybe', kind: 'session' };
  if (last === 'string' && before === 'connection') return { is: 'maybe', kind: 'connection-string' };
  if (FACTS.has(last)) return none;
  if (MAYBE.has(last)) return { is: 'maybe', kind: last };
  const inner = words.find((word) => NOUNS.has(word) || glued(word) !== undefined);
  return inner === undefined ? none : { is: 'maybe', kind: NOUNS.get(inner) ?? glued(inner) ?? 'secret' };
}

function judgeKey(words: readonly string[], before: string): NameVerdict {
  if (before === '') return { is: 'maybe', kind: 'key' };
  if (HARMLESS_OF.has(before) && !words.some((word) => NOUNS.get(word) === 'secret')) return none;
  if (KEY_OF.has(before) || words.some((word) => NOUNS.has(word))) return { is: 'secret', kind: 'key' };
  return { is: 'maybe', kind: 'key' };
}

function glued(word: string): string | undefined {
  if (word.length < 5) return undefined;
  const end = GLUED.find((noun) => word.endsWith(noun));
  return end === undefined ? undefined : NOUNS.get(end);
}

/** The last three letters of every name that can be more than `none`: asked before a string is cut. */
export const NAME_TAILS: readonly string[] = [
  ...NOUNS.keys(),
  ...GLUED,
  ...NEUTRAL,
  ...SESSION,
  ...MAYBE,
  ...list(
    'pass key keys authorization auth cookie cookies string name header variable var field env setting attribute value val',
  ),
]
  .filter((word) => word.length > 1)
  .map((word) => word.slice(-3));
