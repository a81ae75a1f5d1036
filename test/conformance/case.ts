/** The form of a case: what a client and the app say, and what both must see. */
import assert from 'node:assert/strict';
import type { Step } from './bytes.ts';
import type { Seen, SeenReply, Talk } from './h1-client.ts';
import { data, headers } from './h2-frames.ts';
import { type Fields, values } from './message.ts';
import type { Group, Rig } from './rig.ts';
import type { Answer, Connection, SeenRequest } from './upstream.ts';

export type Protocol = 'h1' | 'h2';

/** `refused`: h2's way to answer a malformed message, RST_STREAM or GOAWAY; h1: closed without a status. */
export type Ending = number | 'refused';

export interface Result extends Seen {
  readonly protocol: Protocol;
  readonly connections: readonly Connection[];
  readonly requests: readonly SeenRequest[];
  readonly peak: number;
}

export interface Case extends Omit<Talk, 'replies'> {
  readonly id: string;
  readonly title: string;
  readonly group?: Group;
  readonly h1?: readonly Step[];
  readonly h2?: readonly Step[];
  readonly upstream?: readonly Answer[];
  /** Outcomes allowed for the first reply; a list inside says the outcome of each reply in order. */
  readonly status?: readonly (Ending | readonly Ending[])[];
  /** The client's connection is closed within a second after the reply (h1 only). */
  readonly closed?: boolean;
  /** Requests at the upstream: how many; each whole and well framed. 0 = not one byte. */
  readonly seen?: number;
  readonly check?: (result: Result) => void;
  /** A case that a list of bytes can't tell. */
  readonly run?: (rig: Rig, protocol: Protocol) => Promise<void>;
  readonly protocols?: readonly Protocol[];
  /** Mostly waits: runs on a rig of its own, while the others run. */
  readonly slow?: boolean;
  /** Stops, floods or measures its rig: runs on one of its own. */
  readonly apart?: boolean;
}

export interface Kind {
  readonly kind: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

export interface Message {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly fields?: Fields;
  readonly body?: string;
}

/** The message as HTTP/1.1, its fields in the case's order; a body gets a Content-Length. */
export function h1({
  method = 'GET',
  target = '/a',
  host = 'app.test',
  fields = [],
  body,
}: Message = {}): string {
  const all: Fields = [['Host', host], ...fields];
  if (body !== undefined) all.push(['Content-Length', String(body.length)]);
  return `${method} ${target} HTTP/1.1\r\n${all.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${body ?? ''}`;
}

export const pseudo = (method = 'GET', target = '/a', host = 'app.test'): Fields => [
  [':method', method],
  [':scheme', 'http'],
  [':authority', host],
  [':path', target],
];

/** The same message as HTTP/2 frames. */
export function h2({ method, target, host, fields = [], body }: Message = {}, stream = 1): Buffer {
  const all: Fields = [
    ...pseudo(method, target, host),
    ...fields.map(([n, v]): [string, string] => [n.toLowerCase(), v]),
  ];
  if (body === undefined) return headers(stream, all);
  return Buffer.concat([
    headers(stream, [...all, ['content-length', String(body.length)]], { end: false }),
    data(stream, body),
  ]);
}

export const both = (message: Message = {}): Pick<Case, 'h1' | 'h2' | 'methods'> => ({
  h1: [h1(message)],
  h2: [h2(message)],
  methods: [message.method ?? 'GET'],
});

/** A request head of the given lines, Host app.test first. */
export const raw = (line: string, fields: string, body = ''): string =>
  `${line}\r\nHost: app.test\r\n${fields}\r\n${body}`;

export const only = (result: Result): SeenRequest => {
  assert.equal(result.requests.length, 1, 'exactly one request reaches the upstream');
  return result.requests[0] as SeenRequest;
};

export const first = (result: Result): SeenReply => {
  assert.ok(result.replies[0], 'the client got a reply');
  return result.replies[0] as SeenReply;
};

/** Every line of the field at the upstream's one request. */
export const sent = (result: Result, name: string): string[] => values(only(result).fields, name);
/** Every line of the field in the first reply. */
export const got = (result: Result, name: string): string[] => values(first(result).fields, name);

/** The upstream never saw the end of a message that the client did not end. */
export function neverCompleted(result: Result): void {
  for (const request of result.requests) assert.ok(!request.complete, `made up the end of ${request.method}`);
  for (const { end } of result.connections)
    assert.notEqual(end, 'open', 'the upstream connection stays open');
}
