/** K3: size limits, each from both sides. */
import assert from 'node:assert/strict';
import { both, h1, h2, type Kind, neverCompleted, only, pseudo, raw, sent } from '../case.ts';
import { data, headers } from '../h2-frames.ts';

const COOKIE = `c=${'x'.repeat(23_998)}`;

export const limits: Kind = {
  kind: 'K3',
  title: 'size limits',
  cases: [
    {
      id: 'D05',
      title: 'a cookie of 24,000 bytes passes whole',
      ...both({ fields: [['Cookie', COOKIE]] }),
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'cookie'), [COOKIE]),
    },
    {
      id: 'D05',
      title: 'a field of 40,000 bytes is refused with 431',
      ...both({ fields: [['X-Big', 'x'.repeat(40_000)]] }),
      status: [431],
      closed: true,
      seen: 0,
    },
    {
      id: 'D05',
      title: 'a field of 300,000 bytes is refused',
      ...both({ fields: [['X-Big', 'x'.repeat(300_000)]] }),
      status: [431, 'refused'],
      closed: true,
      seen: 0,
    },
    {
      id: 'D05',
      title: 'a head of many small fields over the size is refused',
      ...both({ fields: Array.from({ length: 180 }, (_, i) => [`X-${i}`, 'y'.repeat(220)]) }),
      status: [431],
      closed: true,
      seen: 0,
    },
    {
      id: 'D05',
      title: 'a target within the limit passes',
      group: 'small',
      ...both({ target: `/${'a'.repeat(1000)}` }),
      status: [200],
      seen: 1,
    },
    {
      id: 'D05',
      title: 'a target over the limit is refused with 414',
      group: 'small',
      ...both({ target: `/${'a'.repeat(1100)}` }),
      status: [414],
      seen: 0,
    },
    {
      id: 'D05',
      title: 'the default target limit is 16 KB',
      ...both({ target: `/${'a'.repeat(17_000)}` }),
      status: [414],
      seen: 0,
    },
    {
      id: 'D05',
      title: 'a body of exactly the limit passes',
      group: 'small',
      ...both({ method: 'POST', body: 'x'.repeat(1024) }),
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.length, 1024),
    },
    {
      id: 'D05',
      title: 'a declared body over the limit is refused with 413 before a byte of it',
      group: 'small',
      methods: ['POST'],
      h1: [h1({ method: 'POST', body: 'x'.repeat(1025) })],
      h2: [h2({ method: 'POST', body: 'x'.repeat(1025) })],
      status: [413],
      seen: 0,
    },
    {
      id: 'D05',
      title:
        'an undeclared body that grows over the limit is cut with 413, and never looks complete upstream',
      group: 'small',
      methods: ['POST'],
      h1: [
        raw(
          'POST /a HTTP/1.1',
          'Transfer-Encoding: chunked\r\n',
          `${`100\r\n${'x'.repeat(256)}\r\n`.repeat(8)}0\r\n\r\n`,
        ),
      ],
      h2: [
        Buffer.concat([
          headers(1, pseudo('POST'), { end: false }),
          ...Array.from({ length: 8 }, (_, i) => data(1, 'x'.repeat(256), { end: i === 7 })),
        ]),
      ],
      status: [413, 'refused'],
      check: neverCompleted,
    },
    {
      id: 'D05',
      title: 'a head of 65,000 bytes from the upstream is refused with 502',
      ...both(),
      upstream: [`HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(66_000)}\r\nContent-Length: 2\r\n\r\nok`],
      status: [502],
    },
    {
      id: 'D05',
      title: 'a head of 40,000 bytes from the upstream passes',
      ...both(),
      upstream: [`HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(40_000)}\r\nContent-Length: 2\r\n\r\nok`],
      status: [200],
    },
  ],
};
