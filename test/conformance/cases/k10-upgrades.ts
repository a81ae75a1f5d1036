/** K10: only a well-formed WebSocket handshake may become a tunnel, and only once the upstream says 101. */
import assert from 'node:assert/strict';
import { FIN, holds, RST, sleep, until, wait } from '../bytes.ts';
import { type Case, first, got, type Kind, type Result, raw, sent } from '../case.ts';
import { talkH1 } from '../h1-client.ts';
import type { Rig } from '../rig.ts';
import { OK } from '../upstream.ts';

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const HANDSHAKE = raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}`);
const ACCEPT =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const EARLY = 'GET /admin HTTP/1.1\r\nHost: app.test\r\n\r\n';

const plainAnswer = (title: string, fields: string): Case => ({
  id: 'D17',
  title,
  h1: [raw('GET /public/a HTTP/1.1', fields)],
  status: [200],
  seen: 1,
  check: (result) => {
    assert.equal(first(result).body.toString('latin1'), 'ok');
    for (const name of ['upgrade', 'http2-settings']) assert.deepEqual(sent(result, name), [], name);
    assert.ok(!/upgrade|http2/i.test(sent(result, 'connection').join()));
  },
});

const noUpgrade = (result: Result) => {
  for (const reply of result.replies) {
    const connection = reply.fields.filter(([n]) => n === 'connection').map(([, v]) => v.toLowerCase());
    assert.ok(!connection.join().includes('upgrade'), 'no connection: upgrade on a refusal');
  }
};

/** A handshake that railguard may refuse itself, or hand on as a request that is no upgrade. */
const badHandshake = (title: string, head: string, status: Case['status'] = [400, 426, 200]): Case => ({
  id: 'D19',
  title,
  h1: [`${head}${EARLY}`],
  status,
  check: (result) => {
    noUpgrade(result);
    for (const connection of result.connections) {
      assert.equal(connection.fault, '');
      assert.equal(connection.tunnelAt, -1, 'never a tunnel');
    }
    if (first(result).status === 426) assert.deepEqual(got(result, 'sec-websocket-version'), ['13']);
    if (first(result).status !== 200) assert.ok(result.requests.every((r) => r.target !== '/ws'));
    for (const request of result.requests)
      assert.ok(!request.fields.some(([name]) => name === 'upgrade'), 'not handed on as an upgrade');
  },
});

/** Each of the pipelined requests gets its answer, or the last answer says that no other comes (RFC 9112 §9.6). */
const answeredOrClosed = (sentRequests: number) => (result: Result) => {
  for (const { fault } of result.connections) assert.equal(fault, '');
  if (result.replies.length === sentRequests) return;
  const last = result.replies.at(-1);
  assert.ok(last?.fields.some(([name, value]) => name === 'connection' && value === 'close'));
  assert.ok(result.closed, 'and closes');
};

const appRefuses = (status: number, fields: string, name: string, value: string): Case => ({
  id: 'D18',
  title: `the app answers the handshake with ${status}`,
  h1: [`${HANDSHAKE}${EARLY}`],
  upstream: [`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n${fields}\r\nno`],
  status: [status],
  check: (result) => {
    noUpgrade(result);
    assert.equal(first(result).body.toString('latin1'), 'no');
    assert.deepEqual(got(result, name), [value]);
    const [own] = result.connections;
    assert.equal(own?.requests[0]?.target, '/ws');
    assert.ok(
      result.closed || result.requests.length === 2,
      'closed, or what followed is a request of its own',
    );
    if (result.requests.length === 1)
      assert.ok(!own?.bytes.includes('/admin'), 'no early byte reaches the app');
    else
      assert.deepEqual(sentFor(result, '/admin'), ['127.0.0.1'], 'the second request went through the chain');
  },
});

const sentFor = (result: Result, target: string): string[] =>
  result.requests
    .filter((r) => r.target === target)
    .flatMap((r) => r.fields.filter(([n]) => n === 'x-forwarded-for').map(([, v]) => v));

async function dies(rig: Rig, how: 'upstream' | 'client', times: number): Promise<void> {
  const before = rig.descriptors;
  for (let i = 0; i < times; i++) {
    const steps =
      how === 'upstream'
        ? [ACCEPT, wait(30), RST]
        : [ACCEPT, ...Array.from({ length: 20 }, () => 'x'.repeat(1000))];
    await rig.upstream.script([{ steps }]);
    const client = how === 'upstream' ? [HANDSHAKE] : [HANDSHAKE, until('101'), wait(20), RST];
    const seen = await talkH1(rig.port, client, { linger: 1000, deadline: 2000 });
    assert.equal(seen.replies[0]?.status, 101);
    assert.ok(seen.closed, 'the client is closed');
    const gone = await holds(
      () => rig.upstream.connections.every((c) => c.end !== 'open' || c.socket.destroyed),
      1000,
    );
    assert.ok(gone, 'the upstream socket is closed');
  }
  await sleep(50);
  assert.ok(rig.descriptors <= before + 3, `descriptors grew from ${before} to ${rig.descriptors}`);
}

export const upgrades: Kind = {
  kind: 'K10',
  title: 'upgrades',
  cases: [
    plainAnswer(
      'h2c upgrade is ignored',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n',
    ),
    plainAnswer(
      'h2c before websocket is ignored',
      `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c, websocket\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n`,
    ),
    plainAnswer('TLS upgrade is ignored', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'),
    plainAnswer(
      'Upgrade: h2c without its Connection member is ignored',
      'Connection: keep-alive\r\nUpgrade: h2c\r\n',
    ),
    plainAnswer(
      'HTTP2-Settings alone is dropped',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nConnection: HTTP2-Settings\r\n',
    ),
    plainAnswer(
      'Upgrade: websocket without its Connection member is no handshake',
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
    ),
    plainAnswer('an unknown protocol is ignored', 'Connection: Upgrade\r\nUpgrade: foo/2\r\n'),
    {
      id: 'D17',
      title: 'what follows an ignored upgrade is answered, or the reply says close',
      h1: [raw('GET /a HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: foo\r\n') + raw('GET /b HTTP/1.1', '')],
      status: [200],
      check: answeredOrClosed(2),
    },
    {
      id: 'D17',
      title: 'an ignored upgrade with a body keeps its body',
      methods: ['POST'],
      h1: [
        raw('POST /a HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n', 'abc') +
          raw('GET /b HTTP/1.1', ''),
      ],
      status: [200],
      check: (result) => {
        answeredOrClosed(2)(result);
        assert.equal(result.requests.find((r) => r.target === '/a')?.body.toString('latin1'), 'abc');
      },
    },
    {
      id: 'D17',
      title: 'an upgrade to anything in the middle of a pipeline leaves the others alone',
      h1: [
        raw('GET /a HTTP/1.1', '') +
          raw('GET /b HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: h2c\r\n') +
          raw('GET /c HTTP/1.1', ''),
      ],
      status: [[200, 200]],
      check: answeredOrClosed(3),
    },
    appRefuses(403, 'X-Why: z\r\n', 'x-why', 'z'),
    appRefuses(401, 'WWW-Authenticate: Bearer\r\n', 'www-authenticate', 'Bearer'),
    appRefuses(426, 'X-Why: z\r\n', 'x-why', 'z'),
    appRefuses(302, 'Location: /login\r\n', 'location', '/login'),
    appRefuses(200, 'X-Why: z\r\n', 'x-why', 'z'),
    {
      id: 'D18',
      title: 'a handshake becomes a tunnel and bytes pass both ways',
      h1: [HANDSHAKE, until('101'), 'from client', until('from app'), FIN],
      upstream: [{ steps: [ACCEPT, until('from client'), 'from app'] }],
      status: [101],
      linger: 300,
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), 'from app');
        assert.equal(result.connections[0]?.tunnel.toString('latin1'), 'from client');
        assert.deepEqual(
          got(result, 'upgrade').map((v) => v.toLowerCase()),
          ['websocket'],
        );
        assert.match(got(result, 'connection').join(), /^upgrade$/i);
        assert.deepEqual(got(result, 'sec-websocket-accept'), ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
      },
    },
    {
      id: 'D18',
      title: 'a handshake in odd letter case with keep-alive is one',
      h1: [
        raw(
          'GET /ws HTTP/1.1',
          `Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
        ),
      ],
      upstream: [{ steps: [ACCEPT, 'from app'] }],
      status: [101],
      linger: 100,
      check: (result) => {
        assert.match(sent(result, 'connection').join(), /^upgrade$/i);
        assert.match(sent(result, 'upgrade').join(), /^websocket$/i);
      },
    },
    {
      id: 'D18',
      title: 'the handshake upstream has no client address or hop field of the client',
      h1: [
        raw(
          'GET /ws HTTP/1.1',
          `Connection: Upgrade, X-Internal\r\nX-Internal: 1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}Sec-WebSocket-Protocol: a, b\r\nX-Forwarded-For: 198.51.100.1\r\n`,
        ),
      ],
      upstream: [{ steps: [ACCEPT] }],
      status: [101],
      linger: 100,
      check: (result) => {
        assert.deepEqual(sent(result, 'x-internal'), []);
        assert.deepEqual(sent(result, 'x-forwarded-for'), ['127.0.0.1']);
        assert.deepEqual(sent(result, 'sec-websocket-protocol'), ['a, b']);
        assert.deepEqual(sent(result, 'sec-websocket-version'), ['13']);
      },
    },
    {
      id: 'D19',
      title: 'early bytes arrive once and in order behind a 101',
      h1: [`${HANDSHAKE}early-1`, wait(50), 'early-2', until('101'), 'late'],
      upstream: [{ steps: [wait(300), ACCEPT, until('late'), 'bye', FIN] }],
      status: [101],
      linger: 500,
      check: (result) => {
        assert.equal(result.connections[0]?.tunnel.toString('latin1'), 'early-1early-2late');
        assert.equal(result.connections.length, 1);
      },
    },
    badHandshake(
      'version 99 with early bytes',
      raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 99\r\n${KEY}`),
    ),
    badHandshake('version 8', raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 8\r\n${KEY}`)),
    badHandshake('no version', raw('GET /ws HTTP/1.1', `${UPGRADE}${KEY}`)),
    badHandshake(
      'two versions',
      raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n${KEY}`),
    ),
    badHandshake('no key', raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\n`)),
    badHandshake(
      'a short key',
      raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n`),
    ),
    badHandshake(
      'a key that is not base64',
      raw(
        'GET /ws HTTP/1.1',
        `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n`,
      ),
    ),
    badHandshake('two keys', raw('GET /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}${KEY}`)),
    badHandshake(
      'POST',
      raw('POST /ws HTTP/1.1', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}Content-Length: 0\r\n`),
      [400, 405, 426, 200],
    ),
    badHandshake('HTTP/1.0', raw('GET /ws HTTP/1.0', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}`)),
    badHandshake(
      'two Upgrade protocols',
      raw(
        'GET /ws HTTP/1.1',
        `Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
      ),
      [400, 426, 200],
    ),
    {
      ...badHandshake('a handshake with a Content-Length body', ''),
      h1: [
        raw(
          'GET /ws HTTP/1.1',
          `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}Content-Length: 5\r\n`,
          'hello',
        ),
      ],
    },
    {
      ...badHandshake('a handshake with a chunked body', ''),
      h1: [
        raw(
          'GET /ws HTTP/1.1',
          `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}Transfer-Encoding: chunked\r\n`,
          '5\r\nhello\r\n0\r\n\r\n',
        ),
      ],
    },
    {
      id: 'D19',
      title: 'a handshake with no Host is refused',
      h1: [`GET /ws HTTP/1.1\r\n${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}\r\n`],
      status: [400],
      closed: true,
      seen: 0,
    },
    {
      id: 'D19',
      title: 'a handshake for an untrusted host is refused',
      group: 'strictHost',
      h1: [`GET /ws HTTP/1.1\r\nHost: evil.test\r\n${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}\r\n`],
      status: [421, 400],
      seen: 0,
      check: noUpgrade,
    },
    {
      id: 'D19',
      title: 'a 101 without Upgrade: websocket is no switch',
      h1: [HANDSHAKE],
      upstream: ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
      status: [502],
    },
    {
      id: 'D20',
      title: 'the upstream resets before it answers',
      h1: [HANDSHAKE],
      upstream: [{ at: 'head', steps: [RST] }],
      status: [502],
      closed: true,
      check: noUpgrade,
    },
    {
      id: 'D20',
      title: 'the upstream ends before it answers',
      h1: [HANDSHAKE],
      upstream: [{ at: 'head', steps: [FIN] }],
      status: [502],
      closed: true,
    },
    {
      id: 'D20',
      title: 'the upstream resets behind its 101, 50 times, without a leak',
      protocols: ['h1'],
      run: (rig) => dies(rig, 'upstream', 50),
    },
    {
      id: 'D20',
      title: 'the client resets behind the 101, 50 times, without a leak',
      protocols: ['h1'],
      run: (rig) => dies(rig, 'client', 50),
    },
    {
      id: 'D20',
      title: 'the client leaves before the 101 and the upstream socket goes too',
      protocols: ['h1'],
      run: async (rig) => {
        await rig.upstream.script([{ steps: [wait(3000), OK] }]);
        await talkH1(rig.port, [HANDSHAKE, wait(100), RST], { deadline: 1, linger: 0 });
        const closed = await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 1000);
        assert.ok(closed, 'the upstream socket is closed');
        assert.equal(rig.upstream.requests.length, 1);
      },
    },
  ],
};
