/** K3: size limits, each from both sides. */
import assert from 'node:assert/strict';
import { until } from '../bytes.ts';
import { both, type Case, h1, h2, type Kind, neverCompleted, only, pseudo, raw, sent } from '../case.ts';
import { talkH1 } from '../h1-client.ts';
import { talkH2 } from '../h2-client.ts';
import { data, headers } from '../h2-frames.ts';
import { type Fields, values } from '../message.ts';

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
    ...(['exactly the limit', 'one over the limit'] as const).flatMap((what): Case[] => {
      const over = what === 'one over the limit';
      const fields = (host: number): Fields =>
        Array.from({ length: 20 - host + (over ? 1 : 0) }, (_, i) => [`X-${i}`, String(i)]);
      const first = { host: 'app.test', fields: fields(1) };
      return [
        {
          id: 'D05',
          title: over
            ? 'one field more than MAX_HEADERS is refused with 431 as a problem, and nobody else is harmed'
            : 'as many fields as MAX_HEADERS pass, all of them, and again on the same connection',
          group: 'small',
          // Another client is in the middle of something all the while.
          run: async (rig, protocol) => {
            const other = talkH1(
              rig.port,
              [h1({ target: '/other' }), until('\r\n\r\nok'), h1({ target: '/again' })],
              {
                replies: 2,
              },
            );
            const seen =
              protocol === 'h1'
                ? await talkH1(rig.port, [h1(first), h1(first)], { replies: over ? 1 : 2, linger: 100 })
                : await talkH2(rig.port, [h2({ fields: fields(0) }), h2({ fields: fields(0) }, 3)], {
                    replies: 2,
                  });
            const statuses = seen.replies.map(({ status }) => status);
            if (!over) {
              assert.deepEqual(statuses, [200, 200]);
              const reached = rig.upstream.requests.filter(({ target }) => target === '/a');
              assert.equal(reached.length, 2);
              for (const request of reached)
                for (const [name, value] of protocol === 'h1' ? fields(1) : fields(0))
                  assert.deepEqual(values(request.fields, name.toLowerCase()), [value]);
            } else {
              assert.equal(statuses[0], 431);
              for (const { status, fields: got } of seen.replies) {
                assert.equal(status, 431);
                assert.deepEqual(values(got, 'content-type'), ['application/problem+json']);
              }
              // HTTP/1.1 ends with it; an HTTP/2 connection goes on.
              assert.equal(statuses.length, protocol === 'h1' ? 1 : 2);
              assert.equal(rig.upstream.requests.filter(({ target }) => target === '/a').length, 0);
            }
            assert.deepEqual(
              (await other).replies.map(({ status }) => status),
              [200, 200],
            );
          },
          protocols: ['h1', 'h2'],
        },
      ];
    }),
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
