/** Random clients before random apps: whatever either does, each answer belongs to its request, byte for byte, and nothing is left over. */
import { createHash } from 'node:crypto';
import http2 from 'node:http2';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { metric } from '../harness/scripted-upstream.ts';

/** Seconds a run takes and the seed of its dice; FUZZ_SECONDS=300 for a long one. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

/** Mulberry32: the same seed, the same dice. */
class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const SIZES = [0, 1, 2, 100, 1000, 16_383, 16_384, 16_385, 40_000, 65_536, 70_000, 300_000];

/** The body that belongs to a name: no two are alike, and a cut or a swap shows. */
function bodyOf(name: string, size: number): Buffer {
  const out = Buffer.alloc(size);
  const line = createHash('sha256').update(name).digest('hex');
  for (let at = 0, i = 0; at < size; at += 72, i++)
    out.write(`${line}${i.toString(16).padStart(8, '0')}`, at, 'latin1');
  return out;
}

// ---- the app

/** What the app does is said by the target: `/<id>/<status>/<size>/<framing>/<mood>`. */
const FRAMINGS = ['length', 'chunked', 'trailers', 'close', 'v10'] as const;
const MOODS = [
  ...['plain', 'plain', 'plain', 'plain', 'bytewise', 'late', 'hints', 'early'],
  ...['cut', 'reset', 'nothing', 'surplus', 'garbage', 'closing', 'fin'],
] as const;
/** After these the answer may be missing or broken; it must never be another one's. */
const FOUL = new Set(['cut', 'reset', 'nothing', 'garbage']);

interface Wish {
  readonly name: string;
  readonly status: number;
  readonly size: number;
  readonly framing: (typeof FRAMINGS)[number];
  readonly mood: (typeof MOODS)[number];
}

const targetOf = (wish: Wish): string =>
  `/${wish.name}/${wish.status}/${wish.size}/${wish.framing}/${wish.mood}`;

function wishOf(target: string): Wish {
  const [, name = '', status, size, framing, mood] = target.split('/');
  return { name, status: Number(status), size: Number(size), framing, mood } as unknown as Wish;
}

const POISON = 'HTTP/1.1 200 OK\r\nX-Name: poison\r\nContent-Length: 6\r\n\r\npoison';

class App {
  readonly sockets = new Set<net.Socket>();
  readonly server = net.createServer({ noDelay: true });
  /** Requests whose bytes were not what the client sent. */
  readonly wrong: string[] = [];
  private readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
    this.server.on('connection', (socket) => this.serve(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  private serve(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let bytes = Buffer.alloc(0);
    let answered = false;
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = bytes.toString('latin1', 0, end + 2);
        const [method = '', target = ''] = head.split(' ');
        const wish = wishOf(target);
        if (!answered && wish.mood === 'early') {
          answered = true;
          this.answer(socket, method, wish);
        }
        const read = requestBody(bytes, end + 4, head);
        if (read === undefined) return;
        bytes = bytes.subarray(read.next);
        this.check(head, target, read.body);
        if (!answered) this.answer(socket, method, wish);
        answered = false;
      }
    });
  }

  private check(head: string, target: string, body: Buffer): void {
    const size = Number(/\r\nX-Sent: (\d+)\r\n/i.exec(head)?.[1] ?? Number.NaN);
    const whole = Number.isNaN(size) ? undefined : bodyOf(`sent-${wishOf(target).name}`, size);
    if (whole?.equals(body) !== true) this.wrong.push(`${target}: ${body.length} bytes of ${size}`);
  }

  private answer(socket: net.Socket, method: string, wish: Wish): void {
    const { mood } = wish;
    const bytes = response(method, wish);
    const closes = wish.framing === 'close' || wish.framing === 'v10' || mood === 'closing';
    const end = (): unknown => closes && socket.end();
    if (mood === 'late') {
      setTimeout(() => socket.write(bytes, end), this.dice.below(30));
      return;
    }
    if (mood === 'bytewise') {
      void trickle(socket, bytes, this.dice).then(end);
      return;
    }
    if (mood === 'hints')
      socket.write(Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), bytes]));
    else if (mood === 'nothing') socket.destroy();
    else if (mood === 'garbage')
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello');
    else if (mood === 'cut')
      socket.end(bytes.subarray(0, Math.max(1, Math.floor(bytes.length * this.dice.next()))));
    else if (mood === 'reset')
      socket.write(bytes.subarray(0, Math.max(1, Math.floor(bytes.length * this.dice.next()))), () =>
        socket.resetAndDestroy(),
      );
    else if (mood === 'surplus') socket.write(Buffer.concat([bytes, Buffer.from(POISON)]));
    else if (mood === 'fin') socket.end(bytes);
    else socket.write(bytes);
    end();
  }
}

/** The body of a request that starts at `from`; undefined while bytes are missing. */
function requestBody(bytes: Buffer, from: number, head: string): { body: Buffer; next: number } | undefined {
  if (!/\r\ntransfer-encoding: chunked\r\n/i.test(head)) {
    const next = from + Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
    return bytes.length < next ? undefined : { body: bytes.subarray(from, next), next };
  }
  return chunks(bytes, from);
}

function chunks(bytes: Buffer, from: number): { body: Buffer; next: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, eol), 16);
    if (size === 0) {
      const last = bytes.indexOf('\r\n\r\n', eol);
      return last < 0 ? undefined : { body: Buffer.concat(parts), next: last + 4 };
    }
    if (bytes.length < eol + size + 4) return undefined;
    parts.push(bytes.subarray(eol + 2, eol + 2 + size));
    at = eol + 4 + size;
  }
}

const chunked = (body: Buffer, step: number): Buffer[] => {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += step) {
    const part = body.subarray(at, at + step);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return parts;
};

function response(method: string, { name, status, size, framing, mood }: Wish): Buffer {
  const body = bodyOf(name, size);
  const version = framing === 'v10' ? '1.0' : '1.1';
  let head = `HTTP/${version} ${status} Fine\r\nX-Name: ${name}\r\n`;
  if (mood === 'closing') head += 'Connection: close\r\n';
  const none = method === 'HEAD' || status === 204 || status === 304;
  if (framing === 'length') head += `Content-Length: ${status === 204 ? 0 : size}\r\n`;
  else if (framing === 'chunked' || framing === 'trailers') head += 'Transfer-Encoding: chunked\r\n';
  if (framing === 'trailers') head += 'Trailer: X-End, ETag\r\n';
  const start = Buffer.from(`${head}\r\n`, 'latin1');
  if (none) return start;
  if (framing !== 'chunked' && framing !== 'trailers') return Buffer.concat([start, body]);
  const end = framing === 'trailers' ? `0\r\nX-End: ${name}\r\nETag: "1"\r\nETag: "2"\r\n\r\n` : '0\r\n\r\n';
  return Buffer.concat([start, ...chunked(body, Math.max(1, Math.ceil(size / 7))), Buffer.from(end)]);
}

async function trickle(socket: net.Socket, bytes: Buffer, dice: Dice): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const step = at < 300 ? 1 + dice.below(40) : 1 + dice.below(60_000);
    socket.write(bytes.subarray(at, at + step));
    at += step;
    await new Promise(setImmediate);
  }
}

// ---- the clients

let serial = 0;

function aWish(dice: Dice): Wish {
  const status = dice.of([200, 200, 200, 201, 204, 304, 404]);
  const mood = dice.of(MOODS);
  const framing = dice.of(FRAMINGS);
  // What follows a body that ends with its connection is part of it.
  const endless = framing === 'close' || framing === 'v10';
  const bad = endless && mood === 'surplus';
  return { name: `n${serial++}`, status, size: dice.of(SIZES), framing: bad ? 'length' : framing, mood };
}

interface Asked {
  readonly wish: Wish;
  readonly method: string;
  readonly bytes: Buffer;
  /** The connection ends after it. */
  readonly last: boolean;
  /** railguard refuses it by itself. */
  readonly refused: boolean;
}

function ask(dice: Dice): Asked {
  const wish = aWish(dice);
  const method = dice.of(['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
  const sent = dice.chance(0.4) ? dice.of(SIZES) : 0;
  const body = bodyOf(`sent-${wish.name}`, sent);
  const last = dice.chance(0.08);
  const refused = dice.chance(0.04);
  let head = `${method} ${targetOf(wish)} HTTP/1.1\r\nHost: ${refused ? 'a@b' : 'app.test'}\r\nX-Sent: ${sent}\r\n`;
  if (last) head += 'Connection: close\r\n';
  if (sent === 0) return { wish, method, last, refused, bytes: Buffer.from(`${head}\r\n`) };
  if (dice.chance(0.5)) {
    head += `Content-Length: ${sent}\r\n\r\n`;
    return { wish, method, last, refused, bytes: Buffer.concat([Buffer.from(head), body]) };
  }
  const parts = chunked(body, 1 + Math.floor(sent / 2000) + dice.below(sent));
  const coded = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), ...parts];
  return { wish, method, last, refused, bytes: Buffer.concat([...coded, Buffer.from('0\r\n\r\n')]) };
}

interface Got {
  readonly status: number;
  readonly name: string | undefined;
  readonly body: Buffer;
  readonly closes: boolean;
}

/** Takes one whole answer off the front; undefined while bytes are missing. */
function take(bytes: Buffer, method: string, ended: boolean): { got: Got; next: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end + 2);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`not an answer: ${JSON.stringify(head.slice(0, 80))}`);
  if (status < 200) {
    const rest = take(bytes.subarray(end + 4), method, ended);
    return rest && { got: rest.got, next: rest.next + end + 4 };
  }
  const none = method === 'HEAD' || status === 204 || status === 304;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  const coded = /\r\ntransfer-encoding: chunked\r\n/i.test(head);
  const name = /\r\nx-name: (\S+)\r\n/i.exec(head)?.[1];
  const closes = /\r\nconnection: close\r\n/i.test(head);
  const got = (body: Buffer, next: number) => ({ got: { status, name, body, closes }, next });
  if (none) return got(Buffer.alloc(0), end + 4);
  if (coded) {
    const read = chunks(bytes, end + 4);
    return read && got(read.body, read.next);
  }
  if (length === undefined) return ended ? got(bytes.subarray(end + 4), bytes.length) : undefined;
  const next = end + 4 + Number(length);
  return bytes.length < next ? undefined : got(bytes.subarray(end + 4, next), next);
}

/** Why this is no answer to that; empty when it is one. */
function misfit({ wish, method, refused }: Pick<Asked, 'wish' | 'method' | 'refused'>, got: Got): string {
  if (refused)
    return got.status === 400 && got.name === undefined ? '' : `expected a refusal, got ${got.status}`;
  // An answer of railguard's own: the app failed, in its way.
  if (got.name === undefined)
    return got.status >= 500 ? '' : `${got.status} of ours (${got.body}) for ${method} ${targetOf(wish)}`;
  if (got.name !== wish.name) return `answer of ${got.name} for ${targetOf(wish)}`;
  if (got.status !== wish.status) return `status ${got.status} for ${targetOf(wish)}`;
  const none = method === 'HEAD' || wish.status === 204 || wish.status === 304;
  const whole = bodyOf(wish.name, none ? 0 : wish.size);
  // The end of the connection is the end of such a body: nobody can see that it was cut.
  const open = FOUL.has(wish.mood) && (wish.framing === 'close' || wish.framing === 'v10');
  const right = open ? whole.subarray(0, got.body.length) : whole;
  return right.equals(got.body) ? '' : `body of ${got.body.length} bytes for ${targetOf(wish)}`;
}

/** One HTTP/1.1 connection: requests one by one or pipelined, read fast or slowly, left in the middle or not. */
function converse(port: number, dice: Dice): Promise<string[]> {
  const asked = Array.from({ length: 1 + dice.below(dice.chance(0.3) ? 12 : 4) }, () => ask(dice));
  const pipelined = dice.chance(0.5);
  const slow = dice.chance(0.2);
  const leaves = dice.chance(0.25) ? dice.below(60) : undefined;
  const faults: string[] = [];
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let bytes = Buffer.alloc(0);
    let at = 0;
    let sent = 0;
    let whole = true;
    const over = (): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve(faults);
    };
    const patience = setTimeout(() => {
      faults.push(
        `no answer in time to ${asked.slice(at, at + 2).map(({ wish, method }) => method + targetOf(wish))}`,
      );
      over();
    }, 15_000);
    const send = (): void => {
      const some = pipelined ? asked.slice(sent) : asked.slice(sent, sent + 1);
      sent += some.length;
      const all = Buffer.concat(some.map(({ bytes: one }) => one));
      const cut = dice.chance(0.3) ? dice.below(all.length) : all.length;
      socket.write(all.subarray(0, cut));
      if (cut === all.length) return;
      whole = false;
      setTimeout(() => {
        whole = true;
        socket.write(all.subarray(cut));
        read(false);
      }, dice.below(20));
    };
    const read = (ended: boolean): void => {
      try {
        for (;;) {
          const one = asked[at];
          // An answer that came before its request was whole: the rest goes first.
          if (one !== undefined && at >= sent && whole) send();
          if (one === undefined) {
            if (bytes.length > 0) faults.push(`surplus ${JSON.stringify(bytes.toString('latin1', 0, 80))}`);
            over();
            return;
          }
          const taken = take(bytes, one.method, ended);
          if (taken === undefined) return;
          at++;
          bytes = bytes.subarray(taken.next);
          const fault = misfit(one, taken.got);
          if (fault !== '') faults.push(fault);
          if (taken.got.closes) {
            if (bytes.length > 0)
              faults.push(`bytes after the last answer: ${JSON.stringify(bytes.toString('latin1', 0, 80))}`);
            over();
            return;
          }
          if (one.last) faults.push('not closed although asked for');
        }
      } catch (error) {
        faults.push((error as Error).message);
        over();
      }
    };
    socket.on('connect', () => {
      send();
      if (leaves !== undefined)
        setTimeout(() => (dice.chance(0.5) ? socket.resetAndDestroy() : socket.destroy()), leaves);
    });
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      read(false);
      if (!slow) return;
      socket.pause();
      setTimeout(() => socket.resume(), dice.below(10));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      read(true);
      const one = asked[at];
      // Only the client itself, or an app that breaks its answer off, may end a connection before its time.
      if (
        one !== undefined &&
        leaves === undefined &&
        at < sent &&
        !asked.slice(0, at + 1).some(({ wish, last, refused }) => FOUL.has(wish.mood) || last || refused)
      )
        if (one.wish.mood !== 'early')
          faults.push(
            `closed before the answer to ${asked.slice(0, at + 1).map((o) => `${o.method} ${targetOf(o.wish)} (${o.bytes.length})`)}, ${bytes.length} bytes of it here, pipelined ${pipelined}, slow ${slow}`,
          );
      over();
    });
  });
}

/** One HTTP/2 session with many streams at once, some of which are reset. */
async function multiplex(port: number, dice: Dice): Promise<string[]> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const faults: string[] = [];
  let left = false;
  const stream = (): Promise<void> =>
    new Promise((resolve) => {
      const wish = aWish(dice);
      const method = dice.of(['GET', 'GET', 'HEAD', 'POST']);
      const sent = method === 'POST' ? dice.of(SIZES) : 0;
      const fields = {
        ':path': targetOf(wish),
        ':method': method,
        ':authority': 'app.test',
        'x-sent': String(sent),
      };
      const request = session.request(fields, { endStream: sent === 0 });
      const parts: Buffer[] = [];
      let head: http2.IncomingHttpHeaders | undefined;
      const patience = setTimeout(() => {
        faults.push(`h2: no answer in time to ${method} ${targetOf(wish)}`);
        resolve();
      }, 15_000);
      request.on('response', (given) => {
        head = given;
      });
      request.on('data', (chunk: Buffer) => parts.push(chunk));
      request.on('error', () => undefined);
      const leaves = dice.chance(0.25);
      if (leaves) setTimeout(() => request.close(8), dice.below(30));
      request.on('close', () => {
        clearTimeout(patience);
        if (head !== undefined && request.rstCode === 0 && !leaves && !left) {
          const got = {
            status: Number(head[':status']),
            name: head['x-name'] as string | undefined,
            body: Buffer.concat(parts),
            closes: false,
          };
          const fault = misfit({ wish, method, refused: false }, got);
          if (fault !== '') faults.push(`h2: ${fault}`);
        } else if (!leaves && !left && !FOUL.has(wish.mood) && wish.mood !== 'early') {
          faults.push(`h2: reset ${request.rstCode} for ${method} ${targetOf(wish)}`);
        }
        resolve();
      });
      if (sent > 0) request.end(bodyOf(`sent-${wish.name}`, sent));
    });
  const all = Promise.all(Array.from({ length: 1 + dice.below(20) }, stream));
  if (dice.chance(0.1)) {
    setTimeout(() => {
      left = true;
      session.destroy();
    }, dice.below(40));
  }
  await all;
  session.destroy();
  return faults;
}

describe.each([
  ['direct', '256'],
  ['standard', '256'],
  ['direct', '1'],
])('random exchanges, RESPONSE_PATH=%s, UPSTREAM_MAX_CONNECTIONS=%s', (path, connections) => {
  let app: App;
  let railguard: Railguard;

  beforeAll(async () => {
    app = new App(new Dice(SEED + 1));
    const env = {
      RESPONSE_PATH: path,
      UPSTREAM_MAX_CONNECTIONS: connections,
      UPSTREAM_KEEPALIVE: '1s',
      LOG_LEVEL: 'error',
    };
    railguard = await startRailguard({
      env: { ...env, UPSTREAM_URL: await app.listen(), SANITIZE_ERRORS: 'false' },
    });
  });
  afterAll(async () => {
    await railguard.kill();
    for (const socket of app.sockets) socket.destroy();
    app.server.close();
  });

  it(`gives every request its own answer, whole, and leaves nothing (seed ${SEED})`, {
    timeout: SECONDS * 1000 + 60_000,
  }, async () => {
    const dice = new Dice(SEED);
    const faults: string[] = [];
    const end = performance.now() + SECONDS * 1000;
    const lane = async (index: number): Promise<void> => {
      while (performance.now() < end && faults.length < 20) {
        const found =
          index % 3 === 0 ? await multiplex(railguard.port, dice) : await converse(railguard.port, dice);
        faults.push(...found);
      }
    };
    await Promise.all(Array.from({ length: connections === '1' ? 3 : 12 }, (_, index) => lane(index)));
    expect(faults).toEqual([]);
    expect(app.wrong).toEqual([]);
    expect(railguard.child.exit).toBeUndefined();
    for (const line of [
      'railguard_in_flight',
      'railguard_connections{protocol="h1"}',
      'railguard_connections{protocol="h2"}',
    ])
      await until(`${line} is 0`, 5000, async () => (await metric(railguard.adminPort, line)) === 0);
    for (const state of ['active', 'idle'])
      await until(
        `no upstream connection is ${state}`,
        5000,
        async () =>
          (await metric(railguard.adminPort, `railguard_upstream_connections{state="${state}"}`)) === 0,
      );
    await until('the app has no connection left', 2000, () =>
      [...app.sockets].every(({ destroyed }) => destroyed),
    );
    expect(railguard.child.stderr.join('\n')).toBe('');
    expect(railguard.logs().filter(({ event_type }) => event_type === 'lifecycle')).toEqual([]);
  });
});
