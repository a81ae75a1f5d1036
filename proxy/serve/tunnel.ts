/** Joins a client and the app after a 101, byte for byte, and closes every tunnel in good order when railguard drains. */
import type { Socket } from 'node:net';
import type { Level } from '../../core/metrics.ts';
import type { Tunnel } from '../exchange.ts';
import { lingeringClose } from './linger.ts';
import { FrameBorders, goingAway } from './websocket-frames.ts';

/** Milliseconds between our Close and the end of the socket. */
const CLOSE_GRACE = 1000;
/** Milliseconds of silence after which the kernel asks whether the client is still there: a tunnel has no timeout. */
const ALIVE = 30_000;

export class Tunnels {
  private readonly open = new Set<JoinedTunnel>();
  private readonly level: Level;
  private readonly writeTimeout: number;

  /** `writeTimeout`: milliseconds in which a client must take a byte, and an app say one when the client has ended. */
  constructor(level: Level, writeTimeout: number) {
    this.level = level;
    this.writeTimeout = writeTimeout;
  }

  get size(): number {
    return this.open.size;
  }

  /** `onEnd` gets the bytes sent to the client, once, when both sides are gone. */
  join(client: Socket, early: Buffer, tunnel: Tunnel, onEnd: (bytesOut: number) => void): void {
    this.level.inc();
    const joined = new JoinedTunnel(client, tunnel, this.writeTimeout, (bytesOut) => {
      this.open.delete(joined);
      this.level.dec();
      onEnd(bytesOut);
    });
    this.open.add(joined);
    joined.start(early);
  }

  /** Sends 1001 on every tunnel, between frames. */
  closeAll(): void {
    for (const tunnel of this.open) tunnel.close();
  }
}

class JoinedTunnel {
  private readonly client: Socket;
  private readonly upstream: Socket;
  private readonly tunnel: Tunnel;
  private readonly writeTimeout: number;
  private readonly down = new FrameBorders();
  private readonly up = new FrameBorders();
  private readonly onEnd: (bytesOut: number) => void;
  private bytesOut = 0;
  private closing = false;
  private ended = 0;

  constructor(client: Socket, tunnel: Tunnel, writeTimeout: number, onEnd: (bytesOut: number) => void) {
    this.client = client;
    this.tunnel = tunnel;
    this.upstream = tunnel.upstream;
    this.writeTimeout = writeTimeout;
    this.onEnd = onEnd;
  }

  start(early: Buffer): void {
    const { client, upstream } = this;
    const { first, lend } = this.tunnel;
    client.setTimeout(0);
    client.setNoDelay(true);
    client.setKeepAlive(true, ALIVE);
    client.on('timeout', () => client.destroy());
    this.watch(client, upstream);
    this.watch(upstream, client);
    client.on('end', () => this.endUpstream());
    // The app has said its last word: there is nobody left to talk to.
    upstream.on('end', () => lingeringClose(client, this.writeTimeout));
    client.on('data', (chunk: Buffer) => this.pass(chunk, client, upstream, this.up));
    if (lend === undefined) upstream.on('data', (chunk: Buffer) => this.passDown(chunk));
    else {
      lend((chunk) => {
        this.passDown(chunk);
        return client.writableLength === 0;
      });
    }
    if (early.length > 0) this.pass(early, client, upstream, this.up);
    if (first.length > 0) this.passDown(first);
    client.resume();
    upstream.resume();
  }

  /** Puts a Close between two frames in both directions; what comes after it is not passed on. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    if (this.down.between) this.client.end(goingAway(false));
    if (this.up.between) this.upstream.end(goingAway(true));
    const timer = setTimeout(() => {
      this.client.destroy();
      this.upstream.destroy();
    }, CLOSE_GRACE);
    timer.unref();
  }

  private passDown(chunk: Buffer): void {
    this.bytesOut += chunk.length;
    this.pass(chunk, this.upstream, this.client, this.down);
  }

  private pass(chunk: Buffer, from: Socket, to: Socket, borders: FrameBorders): void {
    if (to.writableEnded || to.destroyed) return;
    const border = borders.feed(chunk);
    if (this.closing && border >= 0) {
      to.write(chunk.subarray(0, border));
      to.end(goingAway(to === this.upstream));
      return;
    }
    if (to.write(chunk)) return;
    from.pause();
    // Node's socket timeout looks at the kernel's progress: it fires only when no byte at all was taken.
    if (to === this.client) to.setTimeout(this.writeTimeout);
    to.once('drain', () => {
      if (to === this.client) to.setTimeout(0);
      from.resume();
    });
  }

  /** The app may go on talking; one that neither talks nor ends is not waited for. */
  private endUpstream(): void {
    const { upstream } = this;
    upstream.end();
    upstream.setTimeout(this.writeTimeout, () => upstream.destroy());
  }

  /** An end is passed on as an end, a break as a break: no clean close is made up (RFC 6455 §7.1.5). */
  private watch(side: Socket, other: Socket): void {
    side.on('error', () => other.destroy());
    side.on('close', () => {
      if (side.errored !== null || !side.readableEnded) other.destroy();
      if (++this.ended === 2) this.onEnd(this.bytesOut);
    });
  }
}
