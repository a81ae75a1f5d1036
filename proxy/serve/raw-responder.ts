/** Answers on a bare socket, and ends it: handshakes (a 101 opens the tunnel) and messages the parser gave up on. */
import type { Socket } from 'node:net';
import {
  type BodySink,
  type BodySource,
  bytesOf,
  type Ending,
  isStream,
  type Outcome,
  type Reply,
  type Responder,
} from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { headText } from './head-text.ts';
import { lingeringClose } from './linger.ts';
import type { Tunnels } from './tunnel.ts';

export interface RawResponderOptions {
  readonly writeTimeout: number;
  readonly tunnels: Tunnels;
}

export class RawResponder implements Responder, BodySink {
  private readonly socket: Socket;
  /** Bytes the client sent right after its head: for the tunnel, or for nobody. */
  private readonly early: Buffer;
  private readonly options: RawResponderOptions;
  private readonly ending: Ending;
  private source: BodySource | undefined = undefined;
  private status = 499;
  private bytesOut = 0;
  private stalled = false;
  private cut = false;
  private over = false;

  constructor(socket: Socket, early: Buffer, options: RawResponderOptions, ending: Ending) {
    this.socket = socket;
    this.early = early;
    this.options = options;
    this.ending = ending;
  }

  interim(status: number, headers: HeaderBlock): void {
    if (this.status === 499) this.socket.write(headText(status, '', headers), 'latin1');
  }

  send(reply: Reply): void {
    this.status = reply.status;
    if (reply.tunnel !== undefined) {
      this.switchProtocols(reply);
      return;
    }
    const { body } = reply;
    const whole = body === undefined || isStream(body) ? undefined : bytesOf(body);
    if (whole !== undefined) reply.headers.set('Content-Length', String(whole.length));
    else if (body === undefined && reply.status !== 204 && reply.status !== 304)
      reply.headers.set('Content-Length', '0');
    reply.headers.set('Connection', 'close');
    // Nothing is chunked here: there is no place for trailers.
    reply.headers.delete('trailer');
    this.socket.write(headText(reply.status, reply.reason, reply.headers), 'latin1');
    if (isStream(body)) {
      this.source = body;
      this.socket.on('drain', () => this.onDrain());
      this.socket.on('timeout', () => this.socket.destroy());
      body.flow(this);
      return;
    }
    if (whole !== undefined) {
      this.socket.write(whole);
      this.bytesOut = whole.length;
    }
    this.end();
  }

  private switchProtocols(reply: Reply): void {
    const { tunnel } = reply;
    if (tunnel === undefined) return;
    reply.headers.set('Connection', 'Upgrade');
    reply.headers.set('Upgrade', 'websocket');
    this.socket.write(headText(101, reply.reason, reply.headers), 'latin1');
    this.options.tunnels.join(this.socket, this.early, tunnel, (bytesOut) => {
      this.bytesOut = bytesOut;
      this.finish('complete');
    });
  }

  write(chunk: Buffer): void {
    if (this.over) return;
    this.bytesOut += chunk.length;
    if (this.socket.write(chunk) || this.stalled) return;
    this.stalled = true;
    this.source?.pause();
    this.socket.setTimeout(this.options.writeTimeout);
  }

  end(): void {
    lingeringClose(this.socket, this.options.writeTimeout);
    this.finish('complete');
  }

  fail(): void {
    this.cut = true;
    this.socket.resetAndDestroy();
  }

  /** The connection is gone; a tunnel reports its own end. */
  closed(): void {
    if (this.status === 101) return;
    this.finish(this.cut ? 'upstream_cut' : 'client_gone');
  }

  private onDrain(): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.socket.setTimeout(0);
    this.source?.resume();
  }

  private finish(end: Outcome['end']): void {
    if (this.over) return;
    this.over = true;
    if (end !== 'complete') this.source?.cancel();
    this.ending.over({ end, status: this.status, bytesOut: this.bytesOut });
  }
}
