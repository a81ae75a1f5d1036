/** K4: header bytes pass as they are. */
import assert from 'node:assert/strict';
import { FIN, wait } from '../bytes.ts';
import { both, type Case, got, type Kind, pseudo, type Result, raw, sent } from '../case.ts';
import { data, headers } from '../h2-frames.ts';

const NAME = 'attachment; filename="\xc3\xa9\xe4\xb8\xad.pdf"';

export const headerBytes: Kind = {
  kind: 'K4',
  title: 'header bytes',
  cases: [
    {
      id: 'D06',
      title: 'non-ASCII bytes pass both ways unchanged',
      ...both({
        fields: [
          ['X-Name', 'caf\xe9'],
          ['X-U', '\xc3\xa9'],
        ],
      }),
      upstream: [
        `HTTP/1.1 200 OK\r\nContent-Disposition: ${NAME}\r\nX-A: caf\xe9\r\nContent-Length: 2\r\n\r\nok`,
      ],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.deepEqual(sent(result, 'x-name'), ['caf\xe9']);
        assert.deepEqual(sent(result, 'x-u'), ['\xc3\xa9']);
        assert.deepEqual(got(result, 'content-disposition'), [NAME]);
        assert.deepEqual(got(result, 'x-a'), ['caf\xe9']);
      },
    },
    ...['', 'Connection: close\r\n'].flatMap((closing): Case[] => {
      const name = closing === '' ? 'a connection that stays' : 'a connection that ends';
      const unchanged = (result: Result): void => assert.deepEqual(got(result, 'x-name'), [NAME]);
      return [
        ...['Content-Length: 2', 'Transfer-Encoding: chunked', 'X-To: the-end'].map((framing) => ({
          id: 'D06',
          title: `non-ASCII bytes of a head that goes out before its body pass unchanged on ${name}, ${framing}`,
          h1: [raw('GET /a HTTP/1.1', closing)],
          upstream: [
            {
              steps: [
                `HTTP/1.1 200 OK\r\nX-Name: ${NAME}\r\n${framing}\r\n\r\n`,
                wait(60),
                framing.endsWith('chunked') ? '2\r\nok\r\n0\r\n\r\n' : 'ok',
                FIN,
              ],
            },
          ],
          status: [200],
          check: unchanged,
        })),
        {
          id: 'D06',
          title: `non-ASCII bytes of an app's head pass unchanged beside a body of railguard's own on ${name}`,
          h1: [raw('GET /a HTTP/1.1', closing)],
          upstream: [`HTTP/1.1 500 No\r\nX-Name: ${NAME}\r\nContent-Length: 2\r\n\r\nno`],
          status: [500],
          check: unchanged,
        },
      ];
    }),
    {
      id: 'D06',
      title: 'a target with non-ASCII bytes is refused or passes unchanged',
      ...both({ target: '/caf\xc3\xa9' }),
      status: [200, 400, 'refused'],
      check: (result) => {
        for (const request of result.requests) assert.equal(request.target, '/caf\xc3\xa9');
      },
    },
    {
      id: 'D06',
      title: 'every tab, quote and obs-text byte of a value passes',
      ...both({ fields: [['X-All', 'a\tb "c" \\ \x80\xff;,=']] }),
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'x-all'), ['a\tb "c" \\ \x80\xff;,=']),
    },
    {
      id: 'D06',
      title: 'an empty value passes as empty',
      ...both({ fields: [['X-Empty', '']] }),
      upstream: ['HTTP/1.1 200 OK\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok'],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.deepEqual(sent(result, 'x-empty'), ['']);
        assert.deepEqual(got(result, 'x-empty'), ['']);
      },
    },
    {
      id: 'D06',
      title: 'repeated fields keep their lines and order both ways',
      ...both({
        fields: [
          ['X-R', '1'],
          ['X-R', '2'],
          ['X-R', '1'],
        ],
      }),
      upstream: ['HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok'],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.equal(sent(result, 'x-r').join(', '), '1, 2, 1');
        const cookies = got(result, 'set-cookie').map((value) => value.split(';')[0]);
        assert.deepEqual(cookies, ['a=1', 'b=2']);
      },
    },
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty'].map((name) => ({
      id: 'D06',
      title: `a field named ${name} is a field like any other`,
      h1: [raw('GET /a HTTP/1.1', `${name}: v\r\n`)],
      h2: [headers(1, [...pseudo(), [name.toLowerCase(), 'v']])],
      upstream: [`HTTP/1.1 200 OK\r\n${name}: w\r\nContent-Length: 2\r\n\r\nok`],
      status: [200],
      seen: 1,
      check: (result: Parameters<typeof sent>[0]) => {
        assert.deepEqual(sent(result, name.toLowerCase()), ['v']);
        assert.deepEqual(got(result, name.toLowerCase()), ['w']);
      },
    })),
    {
      id: 'D07',
      title: 'Trailer on a request without a body is dropped',
      ...both({ fields: [['Trailer', 'X-Sum']] }),
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'trailer'), []),
    },
    {
      id: 'D07',
      title: 'Trailer with an invalid member is harmless',
      ...both({ fields: [['Trailer', 'X Sum, \xe9, Content-Length']] }),
      status: [200, 400],
      check: (result) => {
        for (const { fault } of result.connections) assert.equal(fault, '');
      },
    },
    {
      id: 'D07',
      title: 'trailers of a chunked request arrive or are dropped, but never break the message',
      methods: ['POST'],
      h1: [
        raw(
          'POST /a HTTP/1.1',
          'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n',
          '3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n',
        ),
      ],
      h2: [
        Buffer.concat([
          headers(1, [...pseudo('POST'), ['trailer', 'x-sum']], { end: false }),
          data(1, 'abc', { end: false }),
          headers(1, [['x-sum', '9']]),
        ]),
      ],
      status: [200],
      seen: 1,
      check: (result) => {
        for (const [name, value] of result.requests[0]?.trailers ?? [])
          assert.deepEqual([name, value], ['x-sum', '9']);
      },
    },
    {
      id: 'D07',
      title: 'trailers of the upstream reach the client',
      ...both({ fields: [['TE', 'trailers']] }),
      h1: [raw('GET /a HTTP/1.1', 'TE: trailers\r\nConnection: TE\r\n')],
      upstream: [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n',
      ],
      status: [200],
      check: (result) => {
        assert.equal(result.replies[0]?.body.toString('latin1'), 'abc');
        assert.deepEqual(result.replies[0]?.trailers, [['x-sum', '9']]);
      },
    },
  ],
};
