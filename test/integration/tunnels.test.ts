/** Tunnels whose ends do not play by the rules: none stays for ever, none takes a place from a request, all end on a drain. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { metric, ok } from '../harness/scripted-upstream.ts';

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

let app: net.Server;
let sockets: Set<net.Socket>;
let railguard: Railguard;

/** `tunnel` gets the app's end of every tunnel, once it is one. */
async function start(tunnel: (socket: net.Socket) => void, env: Record<string, string> = {}): Promise<void> {
  sockets = new Set();
  app = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const onData = (chunk: Buffer): void => {
      if (!chunk.toString('latin1').startsWith('GET /ws ')) {
        socket.write(ok('answer'));
        return;
      }
      socket.off('data', onData);
      socket.write(SWITCHED);
      tunnel(socket);
    };
    socket.on('data', onData);
    socket.on('end', () => {
      if (socket.listenerCount('data') > 0) socket.end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const { port } = app.address() as net.AddressInfo;
  railguard = await startRailguard({
    env: { UPSTREAM_URL: `http://127.0.0.1:${port}`, WRITE_TIMEOUT: '1s', LOG_LEVEL: 'error', ...env },
  });
}

afterEach(async () => {
  await railguard?.kill();
  for (const socket of sockets) socket.destroy();
  app.close();
});

async function open(): Promise<RawClient> {
  const client = await RawClient.connect(railguard.port);
  client.send(HANDSHAKE);
  await until('the tunnel is open', 3000, () => client.received.includes('\r\n\r\n'), 2);
  expect(client.received.toString('latin1', 0, 12)).toBe('HTTP/1.1 101');
  client.received = client.received.subarray(client.received.indexOf('\r\n\r\n') + 4);
  return client;
}

const count = (line: string, value: number, within: number): Promise<void> =>
  until(`${line} is ${value}`, within, async () => (await metric(railguard.adminPort, line)) === value);
const none = async (within: number): Promise<void> => {
  await count('railguard_connections{protocol="websocket"}', 0, within);
  await count('railguard_connections{protocol="h1"}', 0, 1000);
  await count('railguard_in_flight', 0, 1000);
  await count('railguard_upstream_connections{state="active"}', 0, 1000);
};

describe('a tunnel', () => {
  it('ends although the client never answers the end of the app', async () => {
    await start((socket) => socket.end('bye'));
    const client = await open();
    await until('the last words', 2000, () => client.received.toString() === 'bye' && client.ended);
    await none(4000);
  });

  it('ends although the client goes on talking behind the end of the app', async () => {
    await start((socket) => socket.end('bye'));
    const client = await open();
    const talk = setInterval(() => client.socket.writable && client.send('still here'), 50);
    await none(4000).finally(() => clearInterval(talk));
  });

  it('ends although the app never answers the end of the client', async () => {
    await start((socket) => socket.resume());
    const client = await open();
    client.socket.end();
    await none(4000);
  });

  it('ends when the client takes nothing of what the app sends, for WRITE_TIMEOUT', async () => {
    await start((socket) => {
      socket.on('error', () => undefined);
      socket.write(Buffer.alloc(32 * 1024 * 1024));
    });
    const client = await open();
    client.socket.pause();
    await none(8000);
  });

  it('carries what the app still says behind the end of the client, however slowly', async () => {
    await start((socket) => {
      socket.on('end', async () => {
        for (let i = 0; i < 6; i++) {
          await sleep(400);
          socket.write(String(i));
        }
        socket.end();
      });
      socket.resume();
    });
    const client = await open();
    client.socket.end();
    await client.closed(6000);
    expect(client.received.toString()).toBe('012345');
    await none(3000);
  });

  it('that is idle stays, for longer than any timeout of requests', async () => {
    await start((socket) => socket.pipe(socket), {
      HEADER_TIMEOUT: '1s',
      BODY_TIMEOUT: '1s',
      KEEPALIVE_TIMEOUT: '1s',
      UPSTREAM_RESPONSE_TIMEOUT: '1s',
      UPSTREAM_IDLE_TIMEOUT: '1s',
    });
    const client = await open();
    await sleep(3500);
    client.send('echo');
    await until('an echo', 1000, () => client.received.toString() === 'echo');
    client.close();
    await none(2000);
  });
});

describe('many tunnels', () => {
  it('take no place of a request at the app, idle as they are', async () => {
    await start((socket) => socket.resume(), { UPSTREAM_MAX_CONNECTIONS: '4', MAX_IN_FLIGHT: '8' });
    const clients: RawClient[] = [];
    while (clients.length < 60) clients.push(await open());
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => (await call({ port: railguard.port, path: '/a' })).status),
    );
    expect(answers).toEqual(Array(8).fill(200));
    await count('railguard_connections{protocol="websocket"}', 60, 1000);
    for (const client of clients) client.close();
    await none(3000);
  });

  it('all end on a drain: told by 1001, in the middle of a frame or deaf, with an app that does not care', async () => {
    await start((socket) => {
      socket.on('data', (chunk: Buffer) => {
        // Asked for it, half a frame, or more than a deaf client takes.
        if (chunk[0] === 1) socket.write(Buffer.from([0x82, 0x7e, 0x10, 0x00, 1, 2, 3]));
        if (chunk[0] === 2) socket.write(Buffer.alloc(16 * 1024 * 1024));
      });
    });
    const clients = await Promise.all(Array.from({ length: 30 }, open));
    const [half, deaf, ...idle] = clients as [RawClient, RawClient, ...RawClient[]];
    half.send(Buffer.from([1]));
    await until('half a frame', 1000, () => half.received.length === 7);
    deaf.socket.pause();
    deaf.send(Buffer.from([2]));
    await sleep(200);
    const begun = performance.now();
    const exit = railguard.stop();
    await Promise.all(idle.map((client) => client.closed(5000)));
    for (const client of idle) expect([...client.received]).toEqual([0x88, 0x02, 0x03, 0xe9]);
    await half.closed(5000);
    expect(half.received.length).toBe(7);
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(8000);
  });
});
