/** The requests that every peer gets: one browser's, with a token of one user, unless a scenario varies them. */
import { writeFileSync } from 'node:fs';
import { claims, hs } from '../../harness/tokens.ts';

/** What the peers with all features are set up to accept. */
export const HOST = 'api.example.com';
export const ORIGIN = 'https://app.example.com';
export { SECRET } from '../../harness/tokens.ts';

export interface Request {
  readonly path?: string;
  /** In place of, or beside, the usual ones; as `Name: value`. */
  readonly headers?: readonly string[];
  /** Makes it a POST. */
  readonly body?: string;
}

/** A token that is good for a day. */
export const token = (more: Readonly<Record<string, unknown>> = {}): string =>
  hs(claims({ exp: Math.floor(Date.now() / 1000) + 86_400, ...more }));

const usual: readonly string[] = [
  `Host: ${HOST}`,
  `Origin: ${ORIGIN}`,
  `Authorization: Bearer ${token()}`,
  'User-Agent: railguard-bench/1.0',
  'Accept: */*',
];

/** The usual fields, those replaced that `more` names too. */
export function fields(more: readonly string[] = []): string[] {
  const name = (field: string) => field.slice(0, field.indexOf(':')).toLowerCase();
  const named = new Set(more.map(name));
  return [...usual.filter((field) => !named.has(name(field))), ...more];
}

/** The request as it goes over the wire. */
export function raw({ path = '/', headers = [], body }: Request = {}): string {
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const line = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`;
  return [line, ...fields(headers), ...length, '', body ?? ''].join('\r\n');
}

/** Writes requests for a generator to play in turn: each after a line with its length in bytes. */
export function save(file: string, requests: readonly Request[]): void {
  const texts = requests.map(raw);
  writeFileSync(file, texts.map((text) => `${Buffer.byteLength(text)}\n${text}`).join(''), 'latin1');
}

/** What `save` wrote. */
export function parse(file: Buffer): Buffer[] {
  const requests: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const lineEnd = file.indexOf('\n', at);
    const end = lineEnd + 1 + Number(file.toString('latin1', at, lineEnd));
    requests.push(file.subarray(lineEnd + 1, end));
    at = end;
  }
  return requests;
}
