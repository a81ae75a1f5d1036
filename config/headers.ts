/** What browsers are told, and what is done to the app's cookies. */
import { parsePath } from './parse-net.ts';
import { bool, choice, duration, good, list, type Parsed, quote, string, variable } from './var.ts';

const KEYWORDS =
  /(?:^|\s)(self|none|unsafe-inline|unsafe-eval|strict-dynamic|report-sample|wasm-unsafe-eval)(?=[\s;]|$)/;

/** Gives what is wrong with a source list. */
function sourcesError(text: string): string | undefined {
  if (!/^[\x20-\x7e]+$/.test(text) || /[;,]/.test(text)) {
    return `${quote(text)} is not a list of sources; separate them by blanks, without \`;\` or \`,\``;
  }
  const bare = KEYWORDS.exec(text)?.[1];
  return bare === undefined ? undefined : `\`${bare}\` needs quotes: write \`'${bare}'\``;
}

function policyError(text: string): string | undefined {
  if (!/^[\x20-\x7e]+$/.test(text) || text.includes(',')) {
    return `${quote(text)} is not one policy; leave out \`,\` and line breaks`;
  }
  const bare = KEYWORDS.exec(text)?.[1];
  return bare === undefined ? undefined : `\`${bare}\` needs quotes: write \`'${bare}'\``;
}

const sources = <const N extends string>(name: N, what: string, fallback: string) =>
  string(name, { default: fallback, check: sourcesError, doc: `Where documents may load ${what} from.` });

const line = (text: string): string | undefined =>
  /^[\x20-\x7e]+$/.test(text)
    ? undefined
    : `${quote(text)} is not a header value; use one line of plain ASCII`;

const PERMISSIONS = [
  'accelerometer',
  'camera',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'payment',
  'usb',
];

export const headers = {
  enabled: bool('ENABLE_SECURITY_HEADERS', {
    default: 'true',
    doc: 'Adds the security headers and removes those that tell what runs behind.',
  }),
  mode: choice('SECURITY_HEADERS_MODE', ['override', 'keep'], {
    default: 'override',
    doc: "In `override` railguard's value replaces the app's; in `keep` the app's stays where it sends one.",
  }),
  csp: string('CSP', {
    check: policyError,
    doc: 'The whole content security policy of documents, in place of the `CSP_*_SRC` below.',
  }),
  cspDefault: sources('CSP_DEFAULT_SRC', 'anything not named below', "'self'"),
  cspScript: sources('CSP_SCRIPT_SRC', 'scripts', "'self'"),
  cspStyle: sources('CSP_STYLE_SRC', 'styles', "'self' 'unsafe-inline'"),
  cspFont: sources('CSP_FONT_SRC', 'fonts', "'self' data:"),
  cspImg: sources('CSP_IMG_SRC', 'images', "'self' data:"),
  cspConnect: sources('CSP_CONNECT_SRC', 'what scripts fetch', "'self'"),
  cspReportOnly: bool('CSP_REPORT_ONLY', {
    default: 'false',
    doc: "Violations are reported and nothing is blocked; a policy of the app's own stays in force.",
  }),
  cspReportPath: variable(
    'CSP_REPORT_PATH',
    { default: '/csp-report', doc: 'Where railguard takes violation reports; `off` asks browsers for none.' },
    {
      kind: 'path or `off`',
      parse: (text): Parsed<string | undefined> =>
        text.toLowerCase() === 'off' ? good(undefined) : parsePath(text),
      show: (path) => path ?? 'off',
    },
  ),
  hstsMaxAge: duration('HSTS_MAX_AGE', {
    default: '2y',
    doc: 'How long browsers insist on https; sent only where the client side is https. `0` makes them forget.',
  }),
  referrerPolicy: string('REFERRER_POLICY', {
    default: 'strict-origin-when-cross-origin',
    check: referrerError,
    doc: 'What a followed link tells about the page it was on.',
  }),
  permissionsPolicy: string('PERMISSIONS_POLICY', {
    default: PERMISSIONS.map((name) => `${name}=()`).join(', '),
    check: line,
    doc: 'Browser features that documents may use.',
  }),
  cookieSecure: choice('COOKIE_SECURE', ['true', 'keep'], {
    default: 'true',
    doc: "`true` adds Secure to the app's cookies where the client side is https.",
  }),
  cookieHttpOnly: choice('COOKIE_HTTPONLY', ['true', 'keep'], {
    default: 'keep',
    doc: "`true` adds HttpOnly to the app's cookies, save those of COOKIE_SCRIPT_READABLE.",
  }),
  cookieScriptReadable: list('COOKIE_SCRIPT_READABLE', {
    default: 'none',
    doc: 'Names of cookies that scripts must read, such as a CSRF token; they never get HttpOnly.',
  }),
  cookieSameSite: choice('COOKIE_SAMESITE', ['lax', 'strict', 'keep'], {
    default: 'lax',
    doc: "SameSite for the app's cookies that name none.",
  }),
};

const REFERRER_POLICIES = [
  ...['no-referrer', 'no-referrer-when-downgrade', 'origin', 'origin-when-cross-origin', 'same-origin'],
  ...['strict-origin', 'strict-origin-when-cross-origin', 'unsafe-url'],
];

/** A list is allowed: browsers take the last one they know. */
function referrerError(text: string): string | undefined {
  const odd = text.split(',').find((item) => !REFERRER_POLICIES.includes(item.trim()));
  return odd === undefined
    ? undefined
    : `${quote(odd.trim())} is no referrer policy; use ${REFERRER_POLICIES.join(', ')}`;
}
