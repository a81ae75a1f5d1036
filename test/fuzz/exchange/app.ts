/** The app of random exchanges: plain sockets, which check every byte that came and answer as they were wished to, or badly. */
import net from 'node:net';
import { bodyOf, Dice, hashOf, inChunks, readChunks } from './dice.ts';
import { bodiless, oddValue, type Wish, wishOf } from './wish.ts';

const POISON = 'HTTP/1.1 200 OK\r\nX-Name: poison\r\nContent-Length: 6\r\n\r\npoison';

export class App {
  readonly sockets = new Set<net.Socket>();
  readonly server = net.createServer({ noDelay: true, allowHalfOpen: true });
  /** Requests whose bytes were not what the client sent. */
  readonly wrong: string[] = [];
  /** Whole requests that came. */
  served = 0;
  /** Most requests on one connection. */
  mostOnOne = 0;

  constructor() {
    this.server.on('connection', (socket) => this.serve(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private serve(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => this.sockets.delete(socket));
    let bytes: Buffer = Buffer.alloc(0);
    let answered = false;
    let count = 0;
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
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
        this.served++;
        this.mostOnOne = Math.max(this.mostOnOne, ++count);
        this.check(head, target, read);
        if (wish.framing === 'tunnel' && wish.status === 101) {
          socket.off('data', onData);
          this.tunnel(socket, head, wish, bytes);
          return;
        }
        if (!answered) this.answer(socket, method, wish);
        answered = false;
      }
    };
    socket.on('data', onData);
  }

  private check(
    head: string,
    target: string,
    { body, trailers }: { body: Buffer; trailers: string[] },
  ): void {
    const { name } = wishOf(target);
    const size = Number(field(head, 'X-Sent'));
    const whole = Number.isNaN(size) ? undefined : bodyOf(`sent-${name}`, size);
    if (whole?.equals(body) !== true) this.wrong.push(`${target}: ${body.length} bytes of ${size}`);
    if (field(head, 'X-Odd') !== oddValue(name))
      this.wrong.push(`${target}: field ${JSON.stringify(field(head, 'X-Odd'))}`);
    const tail = field(head, 'X-Tail');
    if (tail !== undefined && !trailers.includes(`X-Tail: ${tail}`))
      this.wrong.push(`${target}: trailers ${JSON.stringify(trailers)}`);
  }

  private answer(socket: net.Socket, method: string, wish: Wish): void {
    const dice = new Dice(hashOf(wish.name));
    const { mood } = wish;
    const bytes = response(method, wish);
    const part = (): Buffer => bytes.subarray(0, Math.max(1, Math.floor(bytes.length * dice.next())));
    const closes = wish.framing === 'close' || wish.framing === 'v10' || mood === 'closing';
    const end = (): unknown => closes && socket.end();
    if (mood === 'late') {
      setTimeout(() => socket.write(bytes, end), dice.below(30));
      return;
    }
    if (mood === 'bytewise') {
      void trickle(socket, bytes, dice).then(end);
      return;
    }
    if (mood === 'hints') {
      const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(1 + dice.below(3));
      socket.write(Buffer.concat([Buffer.from(hints), bytes]));
    } else if (mood === 'nothing') socket.destroy();
    else if (mood === 'garbage')
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello');
    else if (mood === 'cut') socket.end(part());
    else if (mood === 'reset') socket.write(part(), () => socket.resetAndDestroy());
    else if (mood === 'surplus') socket.write(Buffer.concat([bytes, Buffer.from(POISON)]));
    else if (mood === 'fin') socket.end(bytes);
    else socket.write(bytes);
    end();
  }

  /** Behind a 101: the body of the name, then every byte that comes is sent back, to the end of either side. */
  private tunnel(socket: net.Socket, head: string, wish: Wish, early: Buffer): void {
    const accept = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n';
    const first = Buffer.from(`HTTP/1.1 101 Go\r\n${accept}X-Name: ${wish.name}\r\n\r\n`);
    if (field(head, 'Upgrade')?.toLowerCase() !== 'websocket') this.wrong.push(`${wish.name}: no upgrade`);
    socket.write(Buffer.concat([first, bodyOf(wish.name, wish.size), early]));
    if (wish.mood === 'reset') setTimeout(() => socket.resetAndDestroy(), 3);
    socket.on('data', (chunk: Buffer) => {
      if (!socket.write(chunk)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    });
  }
}

export const field = (head: string, name: string): string | undefined =>
  new RegExp(`\\r\\n${name}: ([^\\r]*)\\r\\n`, 'i').exec(head)?.[1];

/** The body of a request that starts at `from`; undefined while bytes are missing. */
function requestBody(bytes: Buffer, from: number, head: string): ReturnType<typeof readChunks> {
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return readChunks(bytes, from);
  const next = from + Number(field(head, 'Content-Length') ?? 0);
  return bytes.length < next ? undefined : { body: bytes.subarray(from, next), trailers: [], next };
}

function response(method: string, { name, status, size, framing, mood }: Wish): Buffer {
  const body = bodyOf(name, size);
  const version = framing === 'v10' ? '1.0' : '1.1';
  let head = `HTTP/${version} ${status} Fine\r\nX-Name: ${name}\r\nX-Odd: ${oddValue(name)}\r\n`;
  if (mood === 'closing') head += 'Connection: close\r\n';
  if (framing === 'length') head += `Content-Length: ${status === 204 ? 0 : size}\r\n`;
  else if (framing === 'chunked' || framing === 'trailers') head += 'Transfer-Encoding: chunked\r\n';
  if (framing === 'trailers') head += 'Trailer: X-End, ETag\r\n';
  const start = Buffer.from(`${head}\r\n`, 'latin1');
  if (bodiless(method, status)) return start;
  if (framing !== 'chunked' && framing !== 'trailers') return Buffer.concat([start, body]);
  const end = framing === 'trailers' ? `0\r\nX-End: ${name}\r\nETag: "1"\r\nETag: "2"\r\n\r\n` : '0\r\n\r\n';
  return Buffer.concat([start, ...inChunks(body, Math.max(1, Math.ceil(size / 7))), Buffer.from(end)]);
}

/** In small pieces, a turn of the event loop each: the head in few bytes, the body in more. */
export async function trickle(socket: net.Socket, bytes: Buffer, dice: Dice): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const step = at < 300 ? 1 + dice.below(40) : 1 + dice.below(60_000);
    socket.write(bytes.subarray(at, at + step));
    at += step;
    await new Promise(setImmediate);
  }
}
