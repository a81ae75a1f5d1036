/** Turns what a parser read into a RequestHead: one target form, one authority, one normalised path; faults are noted, not thrown. */
import { isAuthority } from '../authority.ts';
import type { BodySource, RequestHead, Version } from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { View } from '../header-view.ts';
import { normalisePath } from '../path.ts';
import { Problem } from '../problem.ts';

export interface RawRequest {
  readonly kind: 'http' | 'upgrade';
  readonly version: Version;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderBlock;
  /** `:authority`; undefined over HTTP/1. */
  readonly authority?: string | undefined;
  readonly body: BodySource | undefined;
  readonly fault?: Problem | undefined;
}

interface Target {
  readonly target: string;
  /** Authority of an absolute-form target. */
  readonly authority?: string;
}

const hostsOf = new View((headers) => headers.getAll('host'));

export function requestHead(raw: RawRequest): RequestHead {
  const { headers, method } = raw;
  const hosts = hostsOf.of(headers);
  const parsed = readTarget(method, raw.target);
  const target = typeof parsed === 'string' ? raw.target : parsed.target;
  const stated = raw.authority ?? (typeof parsed === 'string' ? undefined : parsed.authority);
  const authority = stated ?? hosts[0] ?? '';
  const fault =
    raw.fault ?? (typeof parsed === 'string' ? malformed(parsed) : hostFault(raw.version, hosts, stated));
  const { path, ambiguous } = normalisePath(target);
  return {
    kind: raw.kind,
    version: raw.version,
    method,
    target,
    path,
    ambiguous,
    authority,
    headers,
    body: raw.body,
    fault,
  };
}

export const malformed = (detail: string): Problem =>
  new Problem('request_malformed', { detail, close: true });

/** RFC 9112 §3.2: origin-form, absolute-form reduced to it, `*` for OPTIONS; a string is the reason it is refused. */
function readTarget(method: string, target: string): Target | string {
  if (!isTargetText(target)) return 'The request target contains characters that are not allowed.';
  if (target.charCodeAt(0) === 47) return { target };
  if (target === '*')
    return method === 'OPTIONS' ? { target } : 'This request target is only valid for OPTIONS.';
  if (method === 'CONNECT') return { target };
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  if (absolute === null) return 'The request target is neither a path nor a URL.';
  const authority = absolute[1] as string;
  const rest = absolute[2] as string;
  if (!isAuthority(authority)) return 'The request target names no valid host.';
  return { target: rest.startsWith('/') ? rest : `/${rest}`, authority };
}

/** No control byte, blank or fragment; bytes above ASCII are opaque and pass. */
function isTargetText(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 35) return false;
  }
  return target.length > 0;
}

/** Exactly one valid host, said the same way wherever it is said (RFC 9112 §3.2, RFC 9113 §8.3.1). */
function hostFault(version: Version, hosts: string[], stated: string | undefined): Problem | undefined {
  if (hosts.length > 1) return malformed('The request has more than one Host.');
  const host = hosts[0];
  if (host === undefined && stated === undefined) {
    return version === '1.0' ? undefined : malformed('The request names no host.');
  }
  if (host !== undefined && !isAuthority(host)) return malformed('The Host of the request is not valid.');
  if (stated !== undefined && !isAuthority(stated)) return malformed('The host of the request is not valid.');
  if (host !== undefined && stated !== undefined && host.toLowerCase() !== stated.toLowerCase()) {
    return malformed('The request names two different hosts.');
  }
  return undefined;
}
