/** Which origins may read responses in a browser, and what they may send. */
import { createRequire } from 'node:module';
import { bad, good, type Parsed, parseEach, quote } from './parse.ts';
import { bool, duration, list, variable } from './var.ts';

/** For the list of public suffixes, which wildcards alone need. */
const require = createRequire(import.meta.url);

const isToken = (item: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(item);
const fieldName = (item: string): string | undefined =>
  isToken(item) ? undefined : `${quote(item)} is not a header name; use names like X-Request-ID`;

export const cors = {
  enabled: bool('ENABLE_CORS', {
    default: 'true',
    doc: "CORS is decided here, and the app's own CORS headers are removed.",
  }),
  origins: variable(
    'CORS_ORIGINS',
    {
      default: 'none',
      doc: 'Origins that may read responses: `https://app.example.org`; `*.example.org` takes every https origin below it.',
    },
    { kind: 'list of origins', parse: (text) => parseEach(text, parseOrigin) },
  ),
  allowCredentials: bool('CORS_ALLOW_CREDENTIALS', {
    default: 'true',
    doc: 'Browsers may send cookies from those origins.',
  }),
  allowedMethods: list('CORS_ALLOWED_METHODS', {
    default: 'GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS',
    check: (item) =>
      isToken(item) ? undefined : `${quote(item)} is not a method; use names like GET or POST`,
    doc: 'Methods those origins may use.',
  }),
  allowedHeaders: list('CORS_ALLOWED_HEADERS', {
    default: 'Accept,Authorization,Cache-Control,Content-Type,Origin,X-CSRF-Token,X-Requested-With',
    check: fieldName,
    doc: 'Request headers those origins may send.',
  }),
  exposedHeaders: list('CORS_EXPOSED_HEADERS', {
    default: 'X-Correlation-ID,X-Request-ID,X-Response-Time,RateLimit,RateLimit-Policy,Retry-After',
    check: fieldName,
    doc: 'Response headers that scripts of those origins may read.',
  }),
  maxAge: duration('CORS_MAX_AGE', {
    default: '10m',
    max: '1d',
    doc: "How long a browser may keep a preflight's answer.",
  }),
};

/** Canonical: lower case, no default port; a wildcard as `*.example.org`, with its port if it has one. */
function parseOrigin(text: string): Parsed<string> {
  if (text === '*' || text === 'null') return good(text);
  if (text.includes('*')) return parseWildcard(text);
  const url = URL.parse(text);
  const own = /^([a-z][a-z0-9+.-]*):\/\/[^/?#@\s]+$/i.exec(text);
  if (url === null || own === null || url.username !== '') {
    return bad(`${quote(text)} is not an origin; use https://app.example.org, without a path`);
  }
  // Other schemes (apps in a web view) have no serialisation of their own: text equality decides.
  return good(url.origin === 'null' ? text.toLowerCase() : url.origin);
}

function parseWildcard(text: string): Parsed<string> {
  const match = /^(?:https:\/\/)?\*\.((?:[a-z0-9_-]+\.)*[a-z0-9-]+)(:\d{1,5})?$/i.exec(text);
  const name = match?.[1]?.toLowerCase();
  if (name === undefined) {
    return bad(`${quote(text)} is not an origin with a wildcard; use *.example.org, which takes https alone`);
  }
  const { parse: parseDomain } = require('tldts') as typeof import('tldts');
  // Below a public suffix everybody can have a name: *.up.railway.app is every tenant of the platform.
  if (parseDomain(name, { allowPrivateDomains: true }).domain === null) {
    return bad(`${quote(text)} takes names that anybody can register; write the origins out one by one`);
  }
  return good(`*.${name}${match?.[2] === ':443' ? '' : (match?.[2] ?? '')}`);
}

export interface CorsChoice {
  readonly origins: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
}

/** Combinations that browsers refuse or that give every site the user's session; each with its mend. */
export function corsProblems(choice: CorsChoice): string[] {
  const problems: string[] = [];
  const { origins } = choice;
  if (origins.includes('*') && origins.length > 1)
    problems.push('`*` stands beside other origins; write it alone, or leave it out');
  if (!choice.allowCredentials) return problems;
  const mend = 'name the origins, or set CORS_ALLOW_CREDENTIALS=false';
  if (origins.includes('*'))
    problems.push(`\`*\` with credentials would let any site act as the user; ${mend}`);
  if (origins.includes('null'))
    problems.push(`\`null\` with credentials would let any sandboxed page act as the user; ${mend}`);
  for (const [name, items] of [
    ['CORS_ALLOWED_METHODS', choice.allowedMethods],
    ['CORS_ALLOWED_HEADERS', choice.allowedHeaders],
    ['CORS_EXPOSED_HEADERS', choice.exposedHeaders],
  ] as const) {
    if (items.includes('*'))
      problems.push(`${name} has \`*\`, which browsers take as a name when credentials are sent; list them`);
  }
  return problems;
}
