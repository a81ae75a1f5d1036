/** K9: methods that must not pass, and expectations. */
import assert from 'node:assert/strict';
import { until, wait } from '../bytes.ts';
import { type Case, first, got, h1, type Kind, only, pseudo, raw } from '../case.ts';
import { data, headers } from '../h2-frames.ts';
import { OK } from '../upstream.ts';

const EXPECT = raw('POST /echo HTTP/1.1', 'Content-Length: 2\r\nExpect: 100-continue\r\n');

const refusedMethod: Case['check'] = (result) => {
  if (first(result).status === 405)
    assert.equal(got(result, 'allow').length, 1, '405 has Allow (RFC 9110 §15.5.6)');
  assert.ok(!result.raw.includes('s=1'), 'the request is not echoed');
};

export const methods: Kind = {
  kind: 'K9',
  title: 'methods and expectations',
  cases: [
    {
      id: 'D15',
      title: 'CONNECT is refused',
      methods: ['CONNECT'],
      h1: ['CONNECT db.internal.test:5432 HTTP/1.1\r\nHost: db.internal.test:5432\r\n\r\n'],
      h2: [
        headers(
          1,
          [
            [':method', 'CONNECT'],
            [':authority', 'db.internal.test:5432'],
          ],
          { end: false },
        ),
      ],
      status: [405, 501],
      closed: true,
      seen: 0,
      check: refusedMethod,
    },
    {
      id: 'D15',
      title: 'CONNECT without a Host or with a path is refused',
      methods: ['CONNECT'],
      h1: ['CONNECT /x HTTP/1.1\r\nHost: app.test\r\n\r\nGET /secret HTTP/1.1\r\nHost: app.test\r\n\r\n'],
      status: [400, 405, 501],
      closed: true,
      seen: 0,
    },
    {
      id: 'D15',
      title: 'extended CONNECT (:protocol) was not offered and is refused (RFC 8441 §3)',
      h2: [headers(1, [...pseudo('CONNECT', '/ws'), [':protocol', 'websocket']], { end: false })],
      status: [400, 405, 501, 'refused'],
      seen: 0,
    },
    {
      id: 'D15',
      title: 'TRACE is refused and not echoed',
      methods: ['TRACE'],
      h1: [raw('TRACE /a HTTP/1.1', 'Cookie: s=1\r\n')],
      h2: [headers(1, [...pseudo('TRACE'), ['cookie', 's=1']])],
      status: [405, 501],
      seen: 0,
      check: refusedMethod,
    },
    {
      id: 'D15',
      title: 'TRACK is refused or passes as an ordinary method, never echoed by railguard',
      h2: [headers(1, [...pseudo('TRACK'), ['cookie', 's=1']])],
      status: [200, 405, 501],
      check: (result) => assert.ok(!result.raw.includes('s=1')),
    },
    ...['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'PURGE'].map(
      (method): Case => ({
        id: 'D15',
        title: `${method} passes`,
        methods: [method],
        h1: [h1({ method })],
        h2: [headers(1, pseudo(method))],
        status: [200],
        seen: 1,
        check: (result) => assert.equal(only(result).method, method),
      }),
    ),
    {
      id: 'D16',
      title: 'one 100 Continue, then the answer',
      methods: ['POST'],
      h1: [EXPECT, until('100 Continue', 1000), 'hi'],
      h2: [
        headers(1, [...pseudo('POST', '/echo'), ['content-length', '2'], ['expect', '100-continue']], {
          end: false,
        }),
        until('headers 1', 1000),
        data(1, 'hi'),
      ],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.deepEqual(
          first(result).interims.map((i) => i.status),
          [100],
        );
        assert.equal(only(result).body.toString('latin1'), 'hi');
      },
    },
    {
      id: 'D16',
      title: 'a body that does not wait for the 100 still arrives',
      methods: ['POST'],
      h1: [`${EXPECT}hi`],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.toString('latin1'), 'hi'),
    },
    {
      id: 'D16',
      title: 'a body over the limit gets 413 at once, without a 100',
      methods: ['POST'],
      group: 'small',
      h1: [raw('POST /echo HTTP/1.1', 'Content-Length: 99999999\r\nExpect: 100-continue\r\n')],
      h2: [
        headers(1, [...pseudo('POST', '/echo'), ['content-length', '99999999'], ['expect', '100-continue']], {
          end: false,
        }),
      ],
      status: [413],
      closed: true,
      seen: 0,
      check: (result) => assert.deepEqual(first(result).interims, []),
    },
    {
      id: 'D16',
      title: 'an untrusted host gets 421 at once, without a 100',
      methods: ['POST'],
      group: 'strictHost',
      h1: ['POST /echo HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'],
      status: [421, 400],
      seen: 0,
      check: (result) => assert.deepEqual(first(result).interims, []),
    },
    {
      id: 'D16',
      title: 'an answer of the upstream before the body goes to the client',
      methods: ['POST'],
      h1: [EXPECT],
      upstream: [
        {
          at: 'head',
          steps: ['HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'],
        },
      ],
      status: [417],
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'no'),
    },
    {
      id: 'D16',
      title: 'another expectation gets 417, or is passed on as it is (RFC 9110 §10.1.1)',
      h1: [raw('GET /a HTTP/1.1', 'Expect: x-magic\r\n')],
      status: [417, 400, 200],
      check: (result) => {
        if (first(result).status === 200) assert.equal(result.requests.length, 1);
        else assert.equal(result.requests.length, 0);
      },
    },
    {
      id: 'D16',
      title: 'HTTP/1.0 never gets a 100',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.0', 'Content-Length: 2\r\nExpect: 100-continue\r\n'), wait(50), 'hi'],
      upstream: [OK],
      status: [200],
      closed: true,
      seen: 1,
      check: (result) => assert.deepEqual(first(result).interims, []),
    },
    {
      id: 'D16',
      title: 'Expect without a body gets an answer',
      h1: [raw('GET /a HTTP/1.1', 'Expect: 100-continue\r\n')],
      status: [200],
      seen: 1,
    },
  ],
};
