/** The public port with TLS of its own: what speaks no TLS, speaks it badly or stops half-way harms nobody, stays for no time, and fills no log. */
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { metric, ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';
import { first } from '../unit/config/certificates.ts';

const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
/** More than this many connections are one too many; and milliseconds for a handshake and a head. */
const MAX_CONNECTIONS = 20;
const HEADER_TIMEOUT = 1000;

let app: ScriptedUpstream;
let railguard: Railguard;
const heads: string[] = [];

beforeAll(async () => {
  app = await ScriptedUpstream.start((head, socket) => {
    heads.push(head);
    if (!head.startsWith('GET /ws ')) socket.write(ok('answer'));
    else {
      socket.removeAllListeners('data');
      socket.write(SWITCHED);
      socket.pipe(socket);
    }
  });
  railguard = await startRailguard({
    env: {
      UPSTREAM_URL: app.url,
      TLS_CERT: first.certificate,
      TLS_KEY: first.key,
      MAX_CONNECTIONS: String(MAX_CONNECTIONS),
      HEADER_TIMEOUT: `${HEADER_TIMEOUT}ms`,
      KEEPALIVE_TIMEOUT: '1s',
      LOG_LEVEL: 'info',
    },
  });
});
afterAll(async () => {
  await railguard?.kill();
  await app?.stop();
});

interface Ended {
  readonly text: string;
  readonly error: string | undefined;
  readonly after: number;
}

/** Resolves when the other side has closed; `within` ms at most. */
function ended(socket: net.Socket, within: number): Promise<Ended> {
  const begun = performance.now();
  let text = '';
  let error: string | undefined;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`still open after ${within} ms, got ${JSON.stringify(text.slice(0, 100))}`));
    }, within);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', (thrown: NodeJS.ErrnoException) => {
      error = thrown.code ?? thrown.message;
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, error, after: performance.now() - begun });
    });
  });
}

const raw = (): net.Socket => net.connect({ port: railguard.port, host: '127.0.0.1', noDelay: true });
const secure = (options: tls.ConnectionOptions = {}): tls.TLSSocket =>
  tls.connect({ port: railguard.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });

/** A whole HTTP/1.1 exchange over TLS. */
async function ask(options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = secure(options);
  socket.once('secureConnect', () => socket.write(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')));
  const { text, error } = await ended(socket, 5000);
  return error ?? text;
}

/** What a client says first in a handshake. */
async function clientHello(): Promise<Buffer> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const hello = new Promise<Buffer>((resolve) =>
    server.once('connection', (socket) => socket.once('data', resolve)),
  );
  const client = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'app.test',
    ALPNProtocols: ['http/1.1'],
  });
  client.on('error', () => undefined);
  const bytes = await hello;
  client.destroy();
  server.close();
  return bytes;
}

/** Nothing is left of anybody, nobody was told of it in the log, and the next one is served. */
async function unharmed(): Promise<void> {
  for (const protocol of ['h1', 'h2', 'websocket']) {
    const line = `railguard_connections{protocol="${protocol}"}`;
    await until(`${line} is 0`, 4000, async () => (await metric(railguard.adminPort, line)) === 0);
  }
  expect(railguard.child.exit).toBeUndefined();
  expect(railguard.child.stderr.join('\n')).toBe('');
  // A request that was answered has its line; what never became one has none.
  const lines = railguard.logs().filter(({ event_type }) => event_type !== 'request_performance');
  expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  expect(await ask()).toContain('answer');
}

describe('a handshake', () => {
  it.each([
    ['HTTP/1.1', ['http/1.1']],
    ['nothing', undefined],
    ['HTTP/1.1 and something unknown', ['foo/9', 'http/1.1']],
  ])('that offers %s leads to HTTP/1.1, and the app hears of https', async (_what, ALPNProtocols) => {
    heads.length = 0;
    expect(await ask({ ...(ALPNProtocols && { ALPNProtocols }) })).toMatch(/^HTTP\/1\.1 200 [\s\S]*answer$/);
    expect(heads[0]).toContain('X-Forwarded-Proto: https');
  });

  it('that offers h2 leads to HTTP/2', async () => {
    const session = http2.connect(`https://127.0.0.1:${railguard.port}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/a' });
    const [headers] = await Promise.all([
      new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('response', resolve)),
      new Promise((resolve) => stream.resume().once('close', resolve)),
    ]);
    expect(headers[':status']).toBe(200);
    session.close();
    await unharmed();
  });

  it.each([['foo/9'], ['h2c'], ['http/1.0'], ['f'.repeat(255)]])(
    'that offers %j alone is refused',
    async (protocol) => {
      const { error, text } = await ended(secure({ ALPNProtocols: [protocol] }), 3000);
      expect([error, text]).toEqual([expect.stringMatching(/ALERT|ECONNRESET/), '']);
      await unharmed();
    },
  );

  it.each([
    ['app.test'],
    ['a'.repeat(63)],
    [`${'a.'.repeat(120)}test`],
    ['xn--80ak6aa92e.test'],
    ['other.test'],
  ])('for the name %j is served: the request says which host is meant', async (servername) => {
    heads.length = 0;
    expect(await ask({ servername })).toContain('answer');
    expect(heads[0]).toContain('Host: app.test');
  });

  it('of TLS 1.1 is refused', async () => {
    const { error } = await ended(
      secure({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      3000,
    );
    expect(error).toBeDefined();
    await unharmed();
  });

  it('is not repeated on its own connection (TLS 1.2): that ends it, and it alone', async () => {
    const socket = secure({ maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const end = ended(socket, 8000);
    for (let i = 0; i < 20 && !socket.destroyed; i++) {
      socket.renegotiate({}, () => undefined);
      await sleep(5);
    }
    socket.end();
    await end;
    await unharmed();
  });
});

describe('what is no handshake', () => {
  it.each([
    ['HTTP/1.1', GET],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['a PROXY header', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n'],
    ['a record of 64 KB', '\x16\x03\x01\xff\xff'],
    ['an alert', '\x15\x03\x01\x00\x02\x02\x28'],
    ['application data', `\x17\x03\x03\x00\x20${'x'.repeat(32)}`],
    ['SSLv2', '\x80\x2e\x01\x00\x02'],
    ['a hello cut short, with an end', '\x16\x03\x01\x00\x40\x01\x00\x00'],
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 0xff)).toString('latin1')],
  ])('%s is cut off', async (_what, bytes) => {
    const socket = raw();
    socket.end(Buffer.from(bytes, 'latin1'));
    const { text } = await ended(socket, HEADER_TIMEOUT + 2000);
    // An alert at most: nothing of an answer in the clear.
    expect(text).not.toContain('HTTP/');
    await unharmed();
  });

  it('what says nothing, half a hello, or a byte now and then, is gone after HEADER_TIMEOUT', async () => {
    const hello = await clientHello();
    const dripping = raw();
    let at = 0;
    const drip = setInterval(() => dripping.write(hello.subarray(at, ++at)), 60);
    const half = raw();
    half.write(hello.subarray(0, 100));
    const waiting = raw();
    waiting.write(hello);
    const all = await Promise.all(
      [raw(), half, dripping, waiting].map((socket) => ended(socket, HEADER_TIMEOUT + 2000)),
    ).finally(() => clearInterval(drip));
    for (const { after } of all) expect(after).toBeGreaterThan(HEADER_TIMEOUT / 2);
    await unharmed();
  });

  it.each([[['http/1.1']], [['h2']]])(
    'silence behind a handshake for %j is ended, too',
    async (ALPNProtocols) => {
      const socket = secure({ ALPNProtocols });
      await ended(socket, 5000);
      await unharmed();
    },
  );
});

describe('many handshakes', () => {
  it('that are broken off anywhere, 300 times, leave nothing', async () => {
    const hello = await clientHello();
    const before = railguard.child.descriptors();
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        await sleep(i * 3);
        const socket = raw();
        socket.on('error', () => undefined);
        socket.write(hello.subarray(0, (i * 31) % (hello.length + 1)));
        await sleep(i % 7);
        if (i % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }),
    );
    await until('no socket is left', 4000, () => railguard.child.descriptors() <= before + 2);
    await unharmed();
  });

  it('that stand still keep nobody out, however many there are', async () => {
    const stalled: net.Socket[] = [];
    for (let i = 0; i < MAX_CONNECTIONS + 200; i++) {
      const socket = raw();
      socket.on('error', () => undefined);
      stalled.push(socket);
    }
    await until('all are connected', 2000, () => stalled.every(({ connecting }) => !connecting));
    expect(await ask()).toContain('answer');
    await until('those that stand still are gone', 4000, () => stalled.every(({ destroyed }) => destroyed));
    await unharmed();
  });

  it('at once are all completed, and told that there are too many', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask()));
    expect(answers.filter((text) => !/^HTTP\/1\.1 (?:200|503) /.test(text))).toEqual([]);
    expect(answers.some((text) => text.includes('answer'))).toBe(true);
  });
});

describe('over TLS', () => {
  it('a tunnel carries bytes sent with the handshake and ends with its client', async () => {
    const socket = secure();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.write(`${HANDSHAKE}early`);
    await until('the echo', 3000, () => text.endsWith('early'));
    socket.write(' and late');
    await until('the rest', 3000, () => text.endsWith('early and late'));
    socket.destroy();
    await unharmed();
  });

  it('a client that vanishes in the middle of its body or of its answer leaves nothing', async () => {
    for (let i = 0; i < 40; i++) {
      const socket = secure();
      socket.on('error', () => undefined);
      socket.write(
        i % 2 === 0 ? 'POST /a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\nhalf' : GET.repeat(3),
      );
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      await sleep(i % 4);
      socket.destroy();
    }
    const line = 'railguard_in_flight';
    await until(`${line} is 0`, 4000, async () => (await metric(railguard.adminPort, line)) === 0);
    await unharmed();
  });
});
