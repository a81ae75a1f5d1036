/** Reads a database URL as libpq does: several hosts, TLS modes, what must be true of the server. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** Holds a value that is shown to nobody; asked each time it is needed. */
export interface Hidden {
  reveal(): string;
}

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface Host {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface DatabaseAddress {
  /** Tried in order. */
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly database: string;
  readonly tls: TlsMode;
  /** Paths as the URL gives them; `caFile` may be `system`. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Only a server that takes writes will do. */
  readonly readWrite: boolean;
}

const MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
  // Other drivers' words, also in a parameter named ssl.
  'no-verify': 'require',
  true: 'require',
  1: 'require',
  false: 'disable',
  0: 'disable',
};
const NOT_FOR_A_POOLER = ['ssl', 'sslrootcert', 'sslcert', 'sslkey', 'target_session_attrs'];
const WRITERS = new Set(['read-write', 'primary']);

interface Parts {
  readonly user: string;
  readonly password: string;
  readonly authority: string;
  readonly database: string;
  readonly query: URLSearchParams;
}

/** Throws a TypeError that does not repeat the URL. */
export function databaseAddress(url: Hidden): DatabaseAddress {
  const { user, authority, database, query } = split(url.reveal());
  const mode = MODES[query.get('sslmode') ?? query.get('ssl') ?? 'prefer'];
  if (mode === undefined) throw new TypeError('DATABASE_URL names an sslmode that does not exist');
  const caFile = query.get('sslrootcert') ?? undefined;
  return {
    hosts: hostsOf(authority, query),
    user,
    database,
    // libpq: a root certificate turns require into verify-ca.
    tls: mode === 'require' && caFile !== undefined && caFile !== 'system' ? 'verify-ca' : mode,
    caFile,
    certFile: query.get('sslcert') ?? undefined,
    keyFile: query.get('sslkey') ?? undefined,
    readWrite: WRITERS.has(query.get('target_session_attrs') ?? 'any'),
  };
}

/** The password a database URL carries, decoded; empty when it has none. */
export const databasePassword = (url: Hidden): string => split(url.reveal()).password;

/** The same database at another place, for a program that is told its URL: keeps user and password, drops TLS. */
export function addressedTo(url: Hidden, host: string, port: number): string {
  const { user, password, database, query } = split(url.reveal());
  // Not every driver knows the name, so it is said only where something has to be taken back.
  if (query.has('sslmode')) query.set('sslmode', 'disable');
  for (const name of ['host', 'port', 'user', 'password', ...NOT_FOR_A_POOLER]) query.delete(name);
  const search = query.size === 0 ? '' : `?${query}`;
  const scheme = /^[^:]*/.exec(url.reveal())?.[0];
  const who = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const where = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${who}@${where}:${port}/${encodeURIComponent(database)}${search}`;
}

/** The same server's, or pooler's, database of another name, whatever it is good for. */
export function otherDatabase(url: Hidden, name: string): string {
  const text = url.reveal().trim();
  const { query } = split(text);
  query.delete('target_session_attrs');
  const [before] = /^[^:]*:\/\/[^/?#]*/.exec(text) as RegExpExecArray;
  return `${before}/${encodeURIComponent(name)}?${query}`;
}

function split(url: string): Parts {
  const form = /^postgres(?:ql)?(?:\+\w+)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url.trim());
  if (form === null) throw new TypeError('DATABASE_URL is not a PostgreSQL URL');
  const [, before = '', path = '', search = ''] = form;
  const at = before.lastIndexOf('@');
  const [login, authority] = at < 0 ? ['', before] : [before.slice(0, at), before.slice(at + 1)];
  const colon = login.indexOf(':');
  const query = new URLSearchParams(search);
  try {
    const user = decodeURIComponent(colon < 0 ? login : login.slice(0, colon)) || (query.get('user') ?? '');
    const password = colon < 0 ? (query.get('password') ?? '') : decodeURIComponent(login.slice(colon + 1));
    return { user, password, authority, database: decodeURIComponent(path) || user, query };
  } catch {
    throw new TypeError('DATABASE_URL holds a % that is not followed by two hex digits; write it as %25');
  }
}

function hostsOf(authority: string, query: URLSearchParams): Host[] {
  const named = query.get('host');
  const ports = (query.get('port') ?? '').split(',');
  const parts = named === null ? authority.split(',') : named.split(',');
  return parts.map((part, i) => {
    const port = ports[i] ?? ports[0];
    if (part.startsWith('/') || part.startsWith('%2'))
      return { host: decodeURIComponent(part), port: portOf(port) };
    const form = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(part);
    if (form === null) throw new TypeError('DATABASE_URL holds a host that is not one');
    const host = (form[1] as string).replace(/^\[|\]$/g, '');
    return { host: host === '' ? 'localhost' : host, port: portOf(form[2] ?? port) };
  });
}

function portOf(text: string | undefined): number {
  const port = text === undefined || text === '' ? 5432 : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new TypeError('DATABASE_URL holds a port that is not one');
  return port;
}

/** What TLS has to hold for, or undefined for none. Reads the files; throws as `fs` does. */
export function tlsOptions(address: DatabaseAddress): ConnectionOptions | undefined {
  const { tls, caFile, certFile, keyFile } = address;
  if (tls === 'disable') return undefined;
  const verified = tls === 'verify-ca' || tls === 'verify-full';
  return {
    rejectUnauthorized: verified,
    ...(caFile !== undefined && caFile !== 'system' && { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile !== undefined && { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile, 'utf8') }),
    ...(tls === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}
