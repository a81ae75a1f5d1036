/** K14: connections that end at the wrong moment. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { FIN, holds, RST, type Step, sleep, until, wait } from '../bytes.ts';
import {
  both,
  type Case,
  first,
  h1,
  h2,
  type Kind,
  type Protocol,
  pseudo,
  type Result,
  raw,
} from '../case.ts';
import { talkH1 } from '../h1-client.ts';
import { talkH2 } from '../h2-client.ts';
import { data, headers, reset } from '../h2-frames.ts';
import type { Rig } from '../rig.ts';
import { OK } from '../upstream.ts';

const MIB = 1024 * 1024;

/** Clients that leave while the app works: the app's request must end with them. */
async function leave(rig: Rig, protocol: Protocol): Promise<void> {
  const batch = async () => {
    await rig.upstream.script(Array.from({ length: 50 }, () => ({ steps: [wait(10_000), OK] })));
    const all = until(() => rig.upstream.requests.length === 50);
    const one = () =>
      protocol === 'h1'
        ? talkH1(rig.port, [h1(), all, wait(50), RST], { deadline: 1, linger: 0 })
        : talkH2(rig.port, [h2(), all, wait(50), reset(1), wait(20), FIN], { deadline: 1, linger: 0 });
    await Promise.all(Array.from({ length: 50 }, one));
    const freed = await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 5000);
    assert.ok(freed, `${rig.upstream.active} upstream requests still run`);
    assert.equal(rig.upstream.requests.length, 50);
  };
  await batch();
  const before = { descriptors: rig.descriptors, rss: rig.rss };
  for (let i = 0; i < 5; i++) await batch();
  await sleep(100);
  assert.ok(
    rig.descriptors <= before.descriptors + 3,
    `descriptors ${before.descriptors} → ${rig.descriptors}`,
  );
  assert.ok(
    rig.rss - before.rss < 24 * MIB,
    `memory grew by ${Math.round((rig.rss - before.rss) / MIB)} MiB`,
  );
}

/** The client has the head and what came; then its message ends visibly incomplete (RFC 9112 §8). */
const cut = (title: string, steps: readonly Step[], more: Partial<Case> = {}): Case => ({
  id: 'D30',
  title,
  ...both(),
  upstream: [{ steps }],
  status: [200],
  closed: true,
  check: (result) => {
    assert.equal(first(result).body.toString('latin1'), 'abc');
    const end = result.protocol === 'h1' ? 'cut' : 'reset';
    assert.equal(first(result).end, end);
    if (result.protocol === 'h2') assert.equal(first(result).code, 2, 'INTERNAL_ERROR');
  },
  ...more,
});

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';

/** An upload that stops: the upstream must never take it for complete. */
const unfinished = (title: string, steps: readonly Step[], frames?: readonly Step[]): Case => ({
  id: 'D31',
  title,
  methods: ['POST'],
  protocols: frames ? ['h1', 'h2'] : ['h1'],
  run: async (rig, protocol) => {
    await rig.upstream.script([]);
    if (protocol === 'h1') await talkH1(rig.port, steps, { deadline: 400, linger: 0, methods: ['POST'] });
    else await talkH2(rig.port, frames ?? [], { deadline: 400, linger: 0 });
    const [connection] = rig.upstream.connections;
    if (connection) {
      assert.ok(await holds(() => connection.end !== 'open', 1000), 'the upstream socket is closed');
      for (const request of connection.requests)
        assert.ok(!request.complete, 'the message is not made complete');
    }
    const { replies } = await talkH1(rig.port, [h1({ target: '/other' })]);
    assert.equal(replies[0]?.status, 200);
    assert.ok(!connection?.bytes.includes('/other'), 'that socket carries no other request');
  },
});

const HALF = raw('POST /a HTTP/1.1', 'Content-Length: 10\r\n', 'abc');
const HALF_CHUNKED = raw('POST /a HTTP/1.1', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n');

async function refusedPort(rig: Rig, protocol: Protocol): Promise<void> {
  await rig.upstream.stop();
  const seen = await (protocol === 'h1' ? talkH1(rig.port, [h1()]) : talkH2(rig.port, [h2()]));
  assert.equal(seen.replies[0]?.status, 502);
  assert.equal(JSON.parse(seen.replies[0]?.body.toString() ?? '').code, 'upstream_unreachable');
  assert.ok(!/ECONNREFUSED|127\.0\.0\.1/.test(seen.raw.toString('latin1')), 'no address in the answer');
}

/** A client that takes no byte: the upstream is held back, and memory stays flat. */
async function stalledReader(rig: Rig): Promise<void> {
  const total = 64;
  const piece = 'x'.repeat(MIB);
  let written = 0;
  await rig.upstream.script([{ steps: [`HTTP/1.1 200 OK\r\nContent-Length: ${total * MIB}\r\n\r\n`] }]);
  const before = rig.rss;
  const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
  socket.pause();
  socket.write(h1());
  assert.ok(
    await holds(() => rig.upstream.connections.length === 1 && rig.upstream.requests.length === 1, 1000),
  );
  const app = rig.upstream.connections[0]?.socket;
  for (let i = 0; i < total && app; i++) {
    if (!app.write(piece)) if (!(await holds(() => app.writableLength === 0, 300))) break;
    written++;
  }
  const grown = rig.rss - before;
  socket.destroy();
  assert.ok(
    await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 1000),
    'freed with the client',
  );
  assert.ok(written < total, 'the upstream is held back');
  assert.ok(grown < 24 * MIB, `memory grew by ${Math.round(grown / MIB)} MiB`);
}

export const lifeCycle: Kind = {
  kind: 'K14',
  title: 'connection life cycle',
  cases: [
    {
      id: 'D29',
      title: 'the client leaves while the app works, 300 times',
      protocols: ['h1', 'h2'],
      apart: true,
      run: leave,
    },
    {
      id: 'D29',
      title: 'the client leaves in the middle of the answer and the app is told',
      protocols: ['h1'],
      run: async (rig) => {
        await rig.upstream.script([
          { steps: ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', wait(5000)] },
        ]);
        await talkH1(rig.port, [h1(), { until: 'abc' }, RST], { deadline: 1, linger: 0 });
        assert.ok(await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 1000));
      },
    },
    {
      id: 'D29',
      title: 'an HTTP/2 client that ends its connection without a word is gone too',
      protocols: ['h2'],
      run: async (rig) => {
        await rig.upstream.script([
          { steps: ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', wait(5000)] },
        ]);
        await talkH2(rig.port, [h2(), until('data 1'), FIN, wait(20)], { deadline: 1, linger: 0 });
        assert.ok(await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 1000));
      },
    },
    {
      id: 'D29',
      title: 'a client that half-closes behind its request still gets the answer, or is taken for gone',
      h1: [h1(), FIN],
      upstream: [{ steps: [wait(150), OK] }],
      status: [200, 'refused'],
      check: (result: Result) => assert.ok(result.closed),
    },
    cut('Content-Length, FIN in the middle', [
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc',
      wait(30),
      FIN,
    ]),
    cut('Content-Length, RST in the middle', [
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc',
      wait(30),
      RST,
    ]),
    cut('chunked, FIN without the last chunk', [CHUNKED, wait(30), FIN]),
    cut('chunked, RST without the last chunk', [CHUNKED, wait(30), RST]),
    cut('chunked, a bad chunk size', [CHUNKED, wait(30), 'ZZ\r\n']),
    cut('chunked, a chunk without its CRLF', [CHUNKED, wait(30), '3\r\nabcdef\r\n'], {
      check: (result) => {
        assert.match(first(result).body.toString('latin1'), /^abc/);
        assert.ok(['cut', 'reset'].includes(first(result).end));
      },
    }),
    cut('chunked, a chunk size over 64 bits', [CHUNKED, wait(30), 'fffffffffffffffff\r\nabc']),
    cut('chunked, FIN within the last chunk', [CHUNKED, wait(30), '0\r\n', FIN]),
    cut('chunked, a malformed trailer', [CHUNKED, wait(30), '0\r\nbad trailer\r\n\r\n']),
    {
      ...cut('close-delimited, RST in the middle', [
        `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc`,
        wait(30),
        RST,
      ]),
      title: 'close-delimited, RST in the middle',
    },
    unfinished(
      'Content-Length, then RST',
      [HALF, wait(50), RST],
      [
        headers(1, [...pseudo('POST'), ['content-length', '10']], { end: false }),
        data(1, 'abc', { end: false }),
        wait(50),
        reset(1),
      ],
    ),
    unfinished('Content-Length, then FIN', [HALF, wait(50), FIN]),
    unfinished(
      'chunked, then RST',
      [HALF_CHUNKED, wait(50), RST],
      [headers(1, pseudo('POST'), { end: false }), data(1, 'abc', { end: false }), wait(50), RST],
    ),
    unfinished('chunked, then FIN', [HALF_CHUNKED, wait(50), FIN]),
    unfinished('chunked, FIN within the last chunk', [HALF_CHUNKED, wait(50), '0\r\n', FIN]),
    {
      id: 'D31',
      title: 'an upload that is refused early leaves nothing at the upstream',
      group: 'small',
      methods: ['POST', 'GET'],
      h1: [raw('POST /a HTTP/1.1', 'Content-Length: 5000\r\n', 'abc')],
      status: [413],
      seen: 0,
    },
    {
      id: 'D30',
      title: 'the upstream refuses connections',
      protocols: ['h1', 'h2'],
      apart: true,
      run: async (rig, protocol) => {
        await refusedPort(rig, protocol);
        await rig.upstream.restart();
      },
    },
    {
      id: 'D30',
      title: 'a client that reads nothing holds the upstream back',
      protocols: ['h1'],
      apart: true,
      run: stalledReader,
    },
  ],
};
