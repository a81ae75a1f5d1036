/** Decides at the edge which origins may read responses; the app's own CORS fields never reach a browser. */
import { createRequire } from 'node:module';
import { type Exchange, type Filter, Reply } from '../exchange.ts';
import { FixedFields, HeaderBlock, lowerName } from '../header-block.ts';
import { View } from '../header-view.ts';
import { Problem } from '../problem.ts';

/** The list of public suffixes, which wildcards alone need. */
type Domains = typeof import('tldts');
const require = createRequire(import.meta.url);

/** Settled by config/cors.ts: no `*` or `null` with credentials, no wildcard above a public suffix. */
export interface CorsOptions {
  /** Serialised origins; `*.example.org` takes every https origin below it; `*` alone takes any. */
  readonly origins: readonly string[];
  readonly allowCredentials: boolean;
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  /** Seconds a browser may keep a preflight's answer. */
  readonly maxAge: number;
}

const originOf = new View((headers) => headers.get('origin'));

export function cors(options: CorsOptions): Filter {
  const allows = originMatcher(options.origins);
  const any = options.origins.includes('*');
  const varies = !any && options.origins.length > 0;
  const credentials = options.allowCredentials && !any;
  const exposed = options.exposed.join(', ');
  const preflightPairs = [
    ...['Access-Control-Allow-Methods', options.methods.join(', ')],
    ...['Access-Control-Allow-Headers', options.headers.join(', ')],
    ...['Access-Control-Max-Age', String(options.maxAge)],
  ];

  const grant = (headers: HeaderBlock, origin: string): void => {
    headers.append('Access-Control-Allow-Origin', any ? '*' : origin);
    if (credentials) headers.append('Access-Control-Allow-Credentials', 'true');
  };
  /** What a page of the origin may read; ready for those that are written out. */
  const readable = (origin: string): string[] => {
    const headers = new HeaderBlock();
    grant(headers, origin);
    if (exposed !== '') headers.append('Access-Control-Expose-Headers', exposed);
    return headers.list;
  };
  const ready = new Map(exactOrigins(options).map((origin) => [origin, new FixedFields(readable(origin))]));
  const vary = new FixedFields(['Vary', 'Origin']);

  const preflight = (origin: string): Reply => {
    const headers = new HeaderBlock();
    if (allows(origin)) {
      grant(headers, origin);
      headers.list.push(...preflightPairs);
    }
    if (varies) headers.append('Vary', 'Origin');
    return new Reply(204, headers, undefined, 'railguard');
  };

  return {
    name: 'cors',
    request(x: Exchange) {
      const { request } = x;
      const origin = originOf.of(request.headers);
      if (origin === undefined) return undefined;
      if (isPreflight(x)) return preflight(origin);
      if (request.kind === 'upgrade' && varies && !allows(origin) && !isOwnOrigin(x, origin)) {
        // A WebSocket is not held back by the browser's CORS check (RFC 6455 §10.2).
        throw new Problem('forbidden', { detail: 'WebSocket connections from this origin are not allowed.' });
      }
      return undefined;
    },
    response(x: Exchange, reply: Reply) {
      const { headers } = reply;
      if (isPreflight(x) && reply.origin === 'railguard') return;
      headers.deleteWhere(isCorsField);
      if (varies) {
        if (headers.has('vary')) headers.addMember('Vary', 'Origin');
        else headers.addFixed(vary);
      }
      const origin = originOf.of(x.request.headers);
      if (origin === undefined || reply.tunnel !== undefined || !allows(origin)) return;
      const fields = ready.get(origin);
      if (fields === undefined) headers.list.push(...readable(origin));
      else headers.addFixed(fields);
    },
  };
}

/** Most names are not even put in lower case. */
const isCorsField = (name: string): boolean =>
  name.length > 20 && (name.charCodeAt(0) | 0x20) === 0x61 && lowerName(name).startsWith('access-control-');

/** Fetch, "CORS-preflight fetch": any other OPTIONS is the app's. */
function isPreflight(x: Exchange): boolean {
  const { method, headers } = x.request;
  return method === 'OPTIONS' && headers.has('access-control-request-method') && headers.has('origin');
}

function isOwnOrigin(x: Exchange, origin: string): boolean {
  const { scheme, host } = x.client;
  return (
    origin === `https://${withoutPort(host, ':443')}` || origin === `${scheme}://${withoutPort(host, ':80')}`
  );
}

const withoutPort = (host: string, port: string): string =>
  (host.endsWith(port) ? host.slice(0, -port.length) : host).toLowerCase();

const exactOrigins = ({ origins }: Pick<CorsOptions, 'origins'>): string[] =>
  origins.filter((origin) => !origin.includes('*'));

/** Browsers send origins serialised, so equality of text is equality of scheme, host and port. */
function originMatcher(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true;
  const exact = new Set(exactOrigins({ origins }));
  const suffixes = origins
    .filter((origin) => origin.includes('*'))
    .map((origin) => origin.replace(/^.*\*/, ''));
  if (suffixes.length === 0) return (origin) => exact.has(origin);
  const { parse } = require('tldts') as Domains;
  return (origin) => {
    if (exact.has(origin)) return true;
    const host = /^https:\/\/((?:[a-z0-9_-]+\.)+[a-z0-9-]+)(?::\d{1,5})?$/.exec(origin)?.[1];
    if (host === undefined) return false;
    const authority = origin.slice('https://'.length);
    return suffixes.some((suffix) => authority.endsWith(suffix) && !crossesPublicSuffix(parse, host, suffix));
  };
}

/** `*.railway.app` must not take `evil.up.railway.app`: below a public suffix live strangers. */
function crossesPublicSuffix(parse: Domains['parse'], host: string, suffix: string): boolean {
  const { publicSuffix } = parse(host, { allowPrivateDomains: true });
  return publicSuffix === null || `.${publicSuffix}`.endsWith(suffix.replace(/:\d+$/, ''));
}
