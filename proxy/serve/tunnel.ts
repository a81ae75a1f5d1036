/** Joins a client and the app after a 101, byte for byte, and closes every tunnel in good order when railguard drains. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Level } from '../../core/metrics.ts';
import type { Tunnel } from '../exchange.ts';
import { FrameBorders, goingAway } from './websocket-frames.ts';

/** Milliseconds between our Close and the end of the socket. */
const CLOSE_GRACE = 1000;

export class Tunnels {
  private readonly open = new Set<JoinedTunnel>();
  private readonly level: Level;

  constructor(level: Level) {
    this.level = level;
  }

  get size(): number {
    return this.open.size;
  }

  /** `onEnd` gets the bytes sent to the client, once, when both sides are gone. */
  join(client: Socket, early: Buffer, tunnel: Tunnel, onEnd: (bytesOut: number) => void): void {
    this.level.inc();
    const joined = new JoinedTunnel(client, tunnel.upstream, (bytesOut) => {
      this.open.delete(joined);
      this.level.dec();
      onEnd(bytesOut);
    });
    this.open.add(joined);
    joined.start(early, tunnel.first);
  }

  /** Sends 1001 on every tunnel, between frames. */
  closeAll(): void {
    for (const tunnel of this.open) tunnel.close();
  }
}

class JoinedTunnel {
  private readonly client: Socket;
  private readonly upstream: Duplex;
  private readonly down = new FrameBorders();
  private readonly up = new FrameBorders();
  private readonly onEnd: (bytesOut: number) => void;
  private bytesOut = 0;
  private closing = false;
  private ended = 0;

  constructor(client: Socket, upstream: Duplex, onEnd: (bytesOut: number) => void) {
    this.client = client;
    this.upstream = upstream;
    this.onEnd = onEnd;
  }

  start(early: Buffer, first: Buffer): void {
    const { client, upstream } = this;
    client.setTimeout(0);
    client.setNoDelay(true);
    this.watch(client, upstream);
    this.watch(upstream, client);
    client.on('data', (chunk: Buffer) => this.pass(chunk, client, upstream, this.up));
    upstream.on('data', (chunk: Buffer) => {
      this.bytesOut += chunk.length;
      this.pass(chunk, upstream, client, this.down);
    });
    if (early.length > 0) this.pass(early, client, upstream, this.up);
    if (first.length > 0) this.pass(first, upstream, client, this.down);
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

  private pass(chunk: Buffer, from: Duplex, to: Duplex, borders: FrameBorders): void {
    if (to.writableEnded || to.destroyed) return;
    const border = borders.feed(chunk);
    if (this.closing && border >= 0) {
      to.write(chunk.subarray(0, border));
      to.end(goingAway(to === this.upstream));
      return;
    }
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  }

  /** An end is passed on as an end, a break as a break: no clean close is made up (RFC 6455 §7.1.5). */
  private watch(side: Duplex, other: Duplex): void {
    side.on('end', () => other.end());
    side.on('error', () => other.destroy());
    side.on('close', () => {
      if (side.errored !== null || !side.readableEnded) other.destroy();
      if (++this.ended === 2) this.onEnd(this.bytesOut);
    });
  }
}
