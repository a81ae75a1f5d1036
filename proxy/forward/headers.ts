/** What is stripped from and added to a head on its way: hop-by-hop fields, fields railguard owns, and every alias of theirs. */
import type { Client, Exchange } from '../exchange.ts';
import { fieldLines, flat, type HeaderBlock, lowerName } from '../header-block.ts';
import { View } from '../header-view.ts';

/** RFC 9110 §7.6.1 and the obsolete relatives that real traffic still carries. */
export const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** Fields whose value only railguard may state; what the client sent under these names never passes. */
const OWNED = [
  'forwarded',
  'x-real-ip',
  'x-original-url',
  'x-original-uri',
  'x-original-host',
  'x-rewrite-url',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-correlation-id',
  'x-request-id',
  'traceparent',
  'tracestate',
];
const OWNED_PREFIXES = ['x-forwarded-', 'x-railguard-'];

/** Client addresses stated by other vendors' edges: believed by some apps, so only a trusted peer may send them. */
const VENDOR_ADDRESSES = [
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'true-client-ip',
  'fastly-client-ip',
  'x-appengine-user-ip',
];

export const PASS = 0;
const DROP = 1;
const HOST = 2;
const CONNECTION = 3;
const LENGTH = 4;
const TRUSTED = 5;
const VIA = 6;
const TRAILER = 7;
const UPGRADE = 8;
const TE = 9;
const COOKIE = 10;

/** How a field of this name, in lower case, is treated wherever it comes from. */
export function classify(lower: string): number {
  if (lower === 'host') return HOST;
  if (lower === 'connection') return CONNECTION;
  if (lower === 'content-length') return LENGTH;
  if (lower === 'via') return VIA;
  if (lower === 'trailer') return TRAILER;
  if (lower === 'upgrade') return UPGRADE;
  if (lower === 'te') return TE;
  if (lower === 'cookie') return COOKIE;
  if (lower === 'expect' || HOP_BY_HOP.includes(lower)) return DROP;
  const folded = lower.replaceAll(/[_.]/g, '-');
  if (OWNED.includes(folded) || OWNED_PREFIXES.some((prefix) => folded.startsWith(prefix))) return DROP;
  if (VENDOR_ADDRESSES.includes(folded)) return folded === lower ? TRUSTED : DROP;
  // An alias of a framing or hop-by-hop field (`transfer_encoding`) is read as that field by CGI-like servers.
  if (folded !== lower && (HOP_BY_HOP.includes(folded) || folded === 'content-length' || folded === 'host'))
    return DROP;
  return PASS;
}

/** The login of the admin port: browsers send a cookie to every port of its host, and it is none of the app's business. */
const OWN_COOKIE = 'railguard_admin=';

const withoutOwnCookie = (value: string): string =>
  value
    .split(';')
    .filter((pair) => !pair.trimStart().startsWith(OWN_COOKIE))
    .join(';')
    .trim();

/** Names and their treatment, remembered; `strip` adds names (or `prefix-*`) that are never taken from a client. */
export class RequestFields {
  /** A head in which each field passes as it is, or not at all. */
  readonly plain = new View((headers) => plainFields(headers, this));
  private readonly known = new Map<string, number>();
  private readonly strip: readonly string[];

  constructor(strip: readonly string[] = []) {
    this.strip = strip.map((name) => name.toLowerCase());
  }

  treatment(name: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const lower = lowerName(name);
    const treatment = this.stripped(lower) ? DROP : classify(lower);
    if (this.known.size < 2048 && name.length <= 64) this.known.set(flat(name), treatment);
    return treatment;
  }

  private stripped(lower: string): boolean {
    const folded = lower.replaceAll(/[_.]/g, '-');
    return this.strip.some((entry) =>
      entry.endsWith('*') ? folded.startsWith(entry.slice(0, -1)) : folded === entry,
    );
  }
}

export interface UpstreamHead {
  /** Flat pairs; of the framing fields only Content-Length, and only where it is the whole framing. */
  readonly headers: string[];
  readonly host: string;
}

export interface HeadOptions {
  readonly fields: RequestFields;
  /** Sent as Host instead of the client's, when set. */
  readonly host: string | undefined;
  /** For a request that names no host (HTTP/1.0). */
  readonly fallbackHost: string;
}

/** The head the upstream gets, save its framing: the client's own fields in order, case and number, then ours. */
export function upstreamHead(x: Exchange, options: HeadOptions): UpstreamHead {
  const { request, client } = x;
  const { list } = request.headers;
  const host = options.host ?? (request.authority || options.fallbackHost);
  const nominated = nominations(request.headers);
  const headers: string[] = [];
  let via = '';
  let hosted = false;
  let sized = false;
  const length = request.body?.length ?? 0;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    const value = list[i + 1] as string;
    switch (options.fields.treatment(name)) {
      case PASS:
        if (nominated === undefined || !nominated.has(lowerName(name))) headers.push(name, value);
        break;
      case COOKIE: {
        const rest = value.includes(OWN_COOKIE) ? withoutOwnCookie(value) : value;
        if (rest !== '' && !nominated?.has('cookie')) headers.push(name, rest);
        break;
      }
      case HOST:
        if (!hosted) headers.push(name, host);
        hosted = true;
        break;
      case LENGTH:
        if (!sized && length >= 0) headers.push(name, String(length));
        sized = true;
        break;
      case VIA:
        via = via === '' ? value : `${via}, ${value}`;
        break;
      case TRUSTED:
        if (client.trusted && !nominated?.has(lowerName(name))) headers.push(name, value);
        break;
      case TRAILER:
        if (request.body !== undefined && request.body.length < 0) headers.push(name, value);
        break;
    }
  }
  if (!hosted) headers.unshift('Host', host);
  own(headers, x, via, host);
  return { headers, host };
}

function own(headers: string[], x: Exchange, via: string, host: string): void {
  const { client, request } = x;
  headers.push(
    ...clientFields(client, host),
    'Via',
    via === '' ? `${request.version} railguard` : `${via}, ${request.version} railguard`,
    ...x.upstreamHeaders,
  );
}

function clientFields({ address, scheme, host }: Client, fallback: string): string[] {
  const forwarded = ['X-Forwarded-For', address, 'X-Forwarded-Proto', scheme];
  forwarded.push('X-Forwarded-Host', host || fallback, 'X-Real-IP', address);
  return forwarded;
}

/**
 * The same head as lines, for the many requests in which nothing needs a closer look: the client's fields are one
 * text, which is there already when they repeat. Undefined for the others.
 */
export function plainUpstreamHead(x: Exchange, fields: RequestFields): string | undefined {
  const { request, client } = x;
  if (request.kind !== 'http') return undefined;
  const plain = fields.plain.of(request.headers);
  if (plain === undefined || plain.host !== request.authority) return undefined;
  const framed = request.body?.length ?? (plain.length === undefined ? undefined : 0);
  if (plain.length !== framed) return undefined;
  client.lines ??= joined(
    `${plain.text}${fieldLines(clientFields(client, plain.host))}Via: ${request.version} railguard\r\n`,
  );
  return client.lines + fieldLines(x.upstreamHeaders);
}

/** The text in one piece: V8 keeps what is added up in parts until somebody reads a character of it. */
const joined = (text: string): string => (text.charCodeAt(0) > 0 ? text : '');

interface Plain {
  /** The one Host, as it stands in the text. */
  readonly host: string;
  /** The one Content-Length, likewise. */
  readonly length: number | undefined;
  readonly text: string;
}

function plainFields(headers: HeaderBlock, fields: RequestFields): Plain | undefined {
  const pairs = headers.list;
  if (nominations(headers) !== undefined) return undefined;
  const passed: string[] = [];
  let host = '';
  let length: number | undefined;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    const treatment = fields.treatment(name);
    if (treatment === DROP || treatment === CONNECTION || treatment === UPGRADE || treatment === TE) continue;
    if (treatment === HOST && host === '') host = value;
    else if (treatment === LENGTH && length === undefined && /^(?:0|[1-9]\d{0,14})$/.test(value))
      length = Number(value);
    else if (treatment !== PASS && (treatment !== COOKIE || value === '' || value.includes(OWN_COOKIE)))
      return undefined;
    passed.push(name, value);
  }
  return host === '' ? undefined : { host, length, text: fieldLines(passed) };
}

/** Names that `Connection` asks to be removed (RFC 9110 §7.6.1); undefined in the common cases. */
function nominations(headers: HeaderBlock): Set<string> | undefined {
  let names: Set<string> | undefined;
  const { list } = headers;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    if (name.length !== 10 || lowerName(name) !== 'connection') continue;
    const value = list[i + 1] as string;
    if (value === 'keep-alive' || value === 'close' || value === 'Upgrade') continue;
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === '' || option === 'close' || option === 'keep-alive') continue;
      names ??= new Set();
      names.add(option);
    }
  }
  return names;
}
