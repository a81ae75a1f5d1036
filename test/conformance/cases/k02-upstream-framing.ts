/** K2: what railguard writes upstream is framed by railguard itself, whatever the method. */
import assert from 'node:assert/strict';
import { type Case, first, h1, h2, type Kind, only, pseudo, raw, sent } from '../case.ts';
import { data, headers } from '../h2-frames.ts';

const INNER = 'GET /secret HTTP/1.1\r\nHost: x\r\nA:\r\n\r\n';
const METHODS = ['DELETE', 'OPTIONS', 'GET', 'HEAD', 'PROPFIND'];

/** One request, its body whole inside its own framing; or a refusal and nothing. */
function contained(result: Parameters<typeof only>[0]): void {
  for (const { fault } of result.connections) assert.equal(fault, '', 'the upstream can read what it got');
  if (first(result).status !== 200) {
    assert.equal(result.requests.length, 0);
    return;
  }
  const request = only(result);
  assert.equal(request.body.toString('latin1'), INNER);
  assert.ok(request.complete);
}

const bodies: Case[] = METHODS.flatMap((method): Case[] => [
  {
    id: 'D03',
    title: `${method} with a chunked body`,
    methods: [method],
    h1: [
      raw(
        `${method} /a HTTP/1.1`,
        'Transfer-Encoding: chunked\r\n',
        `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
      ),
    ],
    h2: [Buffer.concat([headers(1, pseudo(method), { end: false }), data(1, INNER)])],
    status: [200, 400, 413],
    check: contained,
  },
  {
    id: 'D03',
    title: `${method} with a Content-Length body`,
    methods: [method],
    h1: [h1({ method, body: INNER })],
    h2: [h2({ method, body: INNER })],
    status: [200, 400, 413],
    check: contained,
  },
]);

const NAMELESS = 'a:\r\n'.repeat(1100);

const many: Case[] = ['GET', 'DELETE', 'OPTIONS', 'HEAD', 'POST'].flatMap((method): Case[] => [
  {
    id: 'D04',
    title: `${method} with Content-Length behind 1100 fields`,
    methods: [method],
    h1: [
      raw(
        `${method} /a HTTP/1.1`,
        `${NAMELESS}Content-Length: 40\r\n`,
        'GET /secret HTTP/1.1\r\nHost: app.test\r\n\r\n',
      ),
    ],
    status: [431],
    closed: true,
    seen: 0,
  },
  {
    id: 'D04',
    title: `${method} with Transfer-Encoding behind 1100 fields`,
    methods: [method],
    h1: [raw(`${method} /a HTTP/1.1`, `${NAMELESS}Transfer-Encoding: chunked\r\n`, '3\r\nabc\r\n0\r\n\r\n')],
    status: [431],
    closed: true,
    seen: 0,
  },
]);

export const upstreamFraming: Kind = {
  kind: 'K2',
  title: 'framing towards the upstream',
  cases: [
    ...bodies,
    ...many,
    {
      id: 'D04',
      title: '201 fields are one too many',
      h1: [raw('GET /a HTTP/1.1', Array.from({ length: 200 }, (_, i) => `x-${i}: 1\r\n`).join(''))],
      h2: [
        headers(1, [
          ...pseudo(),
          ...Array.from({ length: 201 }, (_, i): [string, string] => [`x-${i}`, '1']),
        ]),
      ],
      status: [431, 'refused'],
      closed: true,
      seen: 0,
    },
    {
      id: 'D04',
      title: '190 fields pass, all of them',
      h1: [raw('GET /a HTTP/1.1', Array.from({ length: 190 }, (_, i) => `x-${i}: ${i}\r\n`).join(''))],
      h2: [
        headers(1, [
          ...pseudo(),
          ...Array.from({ length: 190 }, (_, i): [string, string] => [`x-${i}`, `${i}`]),
        ]),
      ],
      status: [200],
      seen: 1,
      check: (result) => {
        for (let i = 0; i < 190; i++) assert.deepEqual(sent(result, `x-${i}`), [`${i}`]);
      },
    },
    {
      id: 'D03',
      title: 'GET without a body gets no framing field',
      h1: [h1()],
      h2: [h2()],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.deepEqual(sent(result, 'content-length'), []);
        assert.deepEqual(sent(result, 'transfer-encoding'), []);
      },
    },
    {
      id: 'D03',
      title: 'POST without a body says so or says nothing',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.1', 'Content-Length: 0\r\n')],
      h2: [h2({ method: 'POST' })],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.length, 0),
    },
    {
      id: 'D03',
      title: 'a body of 200,000 bytes arrives byte for byte',
      methods: ['POST'],
      h1: [h1({ method: 'POST', body: 'abcdefghij'.repeat(20_000) })],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.toString('latin1'), 'abcdefghij'.repeat(20_000)),
    },
    {
      id: 'D03',
      title: 'a body in 40 DATA frames arrives in order',
      methods: ['POST'],
      h2: [
        Buffer.concat([
          headers(1, pseudo('POST'), { end: false }),
          ...Array.from({ length: 40 }, (_, i) => data(1, `${i};`.padEnd(1000, '.'), { end: i === 39 })),
        ]),
      ],
      status: [200],
      seen: 1,
      check: (result) =>
        assert.equal(
          only(result).body.toString('latin1'),
          Array.from({ length: 40 }, (_, i) => `${i};`.padEnd(1000, '.')).join(''),
        ),
    },
  ],
};
