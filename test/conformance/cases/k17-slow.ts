/** K17: slow clients are shown out in time, and disturb nobody. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { holds, sleep, wait } from '../bytes.ts';
import { first, h1, type Kind, pseudo, raw } from '../case.ts';
import { talkH1 } from '../h1-client.ts';
import { data, FRAME, frame, headers } from '../h2-frames.ts';
import type { Rig } from '../rig.ts';

async function slowloris(rig: Rig): Promise<void> {
  const start = performance.now();
  const clients = Array.from({ length: 200 }, () => {
    const socket = connect(rig.port, '127.0.0.1');
    const client = { socket, text: '', closedAfter: -1 };
    const over = () => {
      if (client.closedAfter < 0) client.closedAfter = performance.now() - start;
    };
    socket
      .on('data', (bytes) => (client.text += bytes.toString('latin1')))
      .on('end', over)
      .on('close', over)
      .on('error', over);
    socket.write('GET / HTTP/1.1\r\nHost: app.test\r\nX:');
    return client;
  });
  const drip = setInterval(() => {
    for (const { socket, closedAfter } of clients) if (closedAfter < 0 && socket.writable) socket.write('a');
  }, 500);
  let slowest = 0;
  while (performance.now() - start < 3000) {
    const asked = performance.now();
    const [reply] = (await talkH1(rig.port, [h1()], { linger: 0 })).replies;
    assert.equal(reply?.status, 200);
    slowest = Math.max(slowest, performance.now() - asked);
    await sleep(100);
  }
  await holds(() => clients.every((client) => client.closedAfter >= 0), 1000);
  clearInterval(drip);
  for (const { socket } of clients) socket.destroy();
  const open = clients.filter((client) => client.closedAfter < 0).length;
  const late = Math.max(...clients.map((client) => client.closedAfter));
  assert.equal(open, 0, 'all are closed');
  assert.ok(late <= 3250, `the last one after ${Math.round(late)} ms`);
  assert.ok(Math.min(...clients.map((client) => client.closedAfter)) >= 1500, 'none before the time');
  assert.equal(clients.filter(({ text }) => text.startsWith('HTTP/1.1 408 ')).length, 200, 'each gets 408');
  assert.ok(slowest < 200, `a normal client waited ${slowest} ms`);
  assert.ok(rig.upstream.requests.every((request) => request.target === '/a'));
}

export const slow: Kind = {
  kind: 'K17',
  title: 'slow clients',
  cases: [
    {
      id: 'D34',
      title: '200 heads that drip',
      group: 'impatient',
      protocols: ['h1'],
      apart: true,
      run: slowloris,
    },
    {
      id: 'D34',
      title: 'a second head that drips on a kept connection gets 408',
      group: 'impatient',
      h1: [
        h1(),
        wait(200),
        'GET /b HTTP/1.1\r\nHost: app.test\r\nX:',
        ...Array.from({ length: 8 }, () => [wait(400), 'a']).flat(),
      ],
      status: [[200, 408]],
      closed: true,
      seen: 1,
    },
    {
      id: 'D34',
      title: 'a body that stops gets 408 and never looks complete upstream',
      group: 'impatient',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.1', 'Content-Length: 10\r\n', 'abc')],
      h2: [
        headers(1, [...pseudo('POST'), ['content-length', '10']], { end: false }),
        data(1, 'abc', { end: false }),
      ],
      deadline: 8000,
      status: [408],
      closed: true,
      check: (result) => {
        for (const request of result.requests) assert.ok(!request.complete);
        for (const { end } of result.connections) assert.notEqual(end, 'open');
      },
    },
    {
      id: 'D34',
      title: 'a connection that never sends a byte is closed',
      group: 'impatient',
      h1: [wait(10)],
      deadline: 4000,
      seen: 0,
      check: (result) => assert.ok(result.closed),
    },
    {
      id: 'D34',
      title: 'an idle kept connection is closed after KEEPALIVE_TIMEOUT, without a 408',
      group: 'impatient',
      h1: [h1()],
      linger: 4000,
      status: [200],
      check: (result) => {
        assert.ok(result.closed);
        assert.equal(result.replies.length, 1);
        assert.ok(result.closedAfter > 1500, `closed after ${result.closedAfter} ms`);
      },
    },
    {
      id: 'D34',
      title: 'half an HTTP/2 header block is not waited for beyond HEADER_TIMEOUT',
      group: 'impatient',
      h2: [
        headers(1, pseudo(), { endHeaders: false }),
        ...Array.from({ length: 8 }, () => [
          wait(450),
          frame(FRAME.continuation, 0, 1, Buffer.alloc(0)),
        ]).flat(),
      ],
      deadline: 4500,
      seen: 0,
      check: (result) => assert.ok(result.closed, 'the connection is ended'),
    },
    {
      id: 'D34',
      title: 'half an HTTP/2 preface is not waited for beyond HEADER_TIMEOUT',
      group: 'impatient',
      h1: ['PRI * HTTP/2.0\r\n\r\nSM'],
      deadline: 4000,
      check: (result) => assert.ok(result.closed),
    },
    {
      id: 'D34',
      title: 'an answer longer than HEADER_TIMEOUT is not hit by it',
      group: 'impatient',
      h1: [h1()],
      upstream: [
        {
          steps: [
            'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n',
            wait(700),
            'a',
            wait(700),
            'b',
            wait(700),
            'c',
            wait(700),
            'd',
          ],
        },
      ],
      status: [200],
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'abcd'),
    },
    {
      id: 'D34',
      title: 'an upload that goes on longer than HEADER_TIMEOUT is not hit by it',
      group: 'impatient',
      methods: ['POST'],
      h1: [
        raw('POST /a HTTP/1.1', 'Content-Length: 5\r\n', 'a'),
        wait(700),
        'b',
        wait(700),
        'c',
        wait(700),
        'd',
        wait(700),
        'e',
      ],
      status: [200],
      seen: 1,
    },
  ],
};
