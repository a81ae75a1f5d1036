/** K15: streams pass as they come. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { holds, sleep, wait } from '../bytes.ts';
import { both, first, got, h1, h2, type Kind, type Protocol, pseudo, raw } from '../case.ts';
import { FrameReader } from '../h2-client.ts';
import { data, headers, PREFACE, settings } from '../h2-frames.ts';
import type { Rig } from '../rig.ts';

const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Notes when each event reaches the client; the client then closes, and the upstream must notice. */
async function events(rig: Rig, protocol: Protocol): Promise<void> {
  const gap = 800;
  const steps = Array.from({ length: 5 }, (_, i) => [wait(gap), chunk(`data: ${i}\n\n`)]).flat();
  await rig.upstream.script([{ steps: [HEAD, ...steps, wait(30_000)] }]);
  const fields: [string, string][] = [['Accept-Encoding', 'gzip, br']];
  const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
  const reader = new FrameReader();
  let text = '';
  socket.on('data', (bytes) => {
    if (protocol === 'h1') text += bytes.toString('latin1');
    else {
      reader.push(bytes);
      const stream = reader.streams.get(1);
      text = stream
        ? `${stream.fields.map((f) => f.join(': ')).join('\r\n')}\r\n${Buffer.concat(stream.parts).toString('latin1')}`
        : '';
    }
  });
  if (protocol === 'h1') socket.write(h1({ fields }));
  else socket.write(Buffer.concat([Buffer.from(PREFACE), settings([[1, 0]]), h2({ fields })]));
  const start = performance.now();
  assert.ok(await holds(() => text.includes('event-stream'), 200), 'the head comes within 200 ms');
  const head = performance.now();
  for (let i = 0; i < 5; i++) {
    assert.ok(await holds(() => text.includes(`data: ${i}\n\n`), gap + 250), `event ${i} comes in time`);
    assert.ok(performance.now() - head >= (i + 1) * gap - 250, 'and not before it was sent');
  }
  assert.ok(head - start < 200);
  assert.ok(!/content-length|content-encoding/i.test(text), 'neither sized nor compressed');
  socket.destroy();
  assert.ok(
    await holds(() => rig.upstream.connections.every((c) => c.end !== 'open'), 1000),
    'closing ends the upstream leg',
  );
}

export const streaming: Kind = {
  kind: 'K15',
  title: 'streaming',
  cases: [
    {
      id: 'D32',
      title: 'server-sent events arrive one by one',
      protocols: ['h1', 'h2'],
      slow: true,
      run: events,
    },
    {
      id: 'D32',
      title: 'a compressed body keeps its bytes',
      ...both({ fields: [['Accept-Encoding', 'gzip']] }),
      upstream: ['HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00'],
      status: [200],
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), '\x1f\x8b\x08\x00');
        assert.deepEqual(got(result, 'content-encoding'), ['gzip']);
      },
    },
    {
      id: 'D32',
      title: 'an upload reaches the app before it ends',
      protocols: ['h1', 'h2'],
      run: async (rig, protocol) => {
        await rig.upstream.script([]);
        const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
        const start =
          protocol === 'h1'
            ? raw('POST /a HTTP/1.1', 'Transfer-Encoding: chunked\r\n', chunk('first'))
            : Buffer.concat([
                Buffer.from(PREFACE),
                settings([]),
                headers(1, pseudo('POST'), { end: false }),
                data(1, 'first', { end: false }),
              ]);
        socket.write(typeof start === 'string' ? Buffer.from(start, 'latin1') : start);
        const there = await holds(() => rig.upstream.requests[0]?.body.includes('first') === true, 500);
        socket.destroy();
        await sleep(20);
        assert.ok(there, 'the first piece is at the upstream while the rest is still to come');
      },
    },
    {
      id: 'D32',
      title: 'a large answer arrives byte for byte',
      ...both(),
      upstream: [`HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n${'0123456789'.repeat(50_000)}`],
      h2: [Buffer.concat([h2(), Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 15, 66, 64])])],
      status: [200],
      check: (result) => assert.equal(first(result).body.toString('latin1'), '0123456789'.repeat(50_000)),
    },
  ],
};
