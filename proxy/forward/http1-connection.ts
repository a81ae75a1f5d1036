/** One HTTP/1.1 connection to the app: a socket, the parser of what comes out of it, and the call it serves now. */
import net from 'node:net';
import { ReadBuffer } from './read-buffer.ts';
import type { ResponseHead } from './response-head.ts';
import { type ResponseEvents, ResponseParser } from './response-parser.ts';
import { endpoint } from './upstream.ts';

/** The call a connection serves: it gets what the parser reads, and learns of the connection's end. */
export interface Served extends ResponseEvents {
  /** The connection is open. */
  onReady(): void;
  /** All bytes of one read were handed over. True: none of them is needed any more. */
  onRead(): boolean;
  /** The socket took what it held back. */
  onDrain(): void;
  /** The connection ended before the response did. */
  onLost(connection: Http1Connection, error: Error | undefined): void;
}

export interface ConnectionEvents {
  onReusable(connection: Http1Connection): void;
  /** It has become a tunnel: no request will use it. */
  onTunnel(): void;
  onClosed(connection: Http1Connection): void;
}

export class Http1Connection implements ResponseEvents {
  readonly socket: net.Socket;
  connected = false;
  /** It served a call before: a failure now may be a keep-alive race (RFC 9112 §9.3.1). */
  reused = false;
  closed = false;
  /** Milliseconds on the monotonic clock since when it waits in the pool. */
  idleSince = 0;
  /** Milliseconds the app said it keeps an idle connection; -1 when it did not say. */
  keepAliveHint = -1;
  private call: Served | undefined = undefined;
  /** It speaks another protocol now: its bytes go to whoever listens. */
  switched = false;
  private failure: Error | undefined = undefined;
  /** Undefined over TLS, where what is read belongs to the reader. */
  private reads: ReadBuffer | undefined = undefined;
  /** A tunnel that nobody has joined yet is paused. */
  private tunnelled: (chunk: Buffer) => boolean = () => false;
  private readonly parser: ResponseParser;
  private readonly owner: ConnectionEvents;

  constructor(url: URL, maxHeadSize: number, owner: ConnectionEvents) {
    this.owner = owner;
    this.parser = new ResponseParser(this, maxHeadSize);
    const target = { ...endpoint(url), noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    this.socket =
      url.protocol === 'https:'
        ? process.getBuiltinModule('node:tls').connect({
            ...target,
            ...(net.isIP(target.host) === 0 && { servername: target.host }),
            ALPNProtocols: ['http/1.1'],
          })
        : net.connect({ ...target, onread: this.reading() });
    this.listen(url.protocol === 'https:' ? 'secureConnect' : 'connect');
  }

  private listen(ready: 'connect' | 'secureConnect'): void {
    const { socket } = this;
    socket.once(ready, () => {
      this.connected = true;
      this.call?.onReady();
    });
    // Over TLS alone: without it the bytes come by `reading`.
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('drain', () => this.call?.onDrain());
    socket.on('end', () => {
      const served = this.call;
      // A close before the first byte is a lost connection, not a bad answer: `close` tells the call.
      if (this.parser.begun) this.parser.finish();
      served?.onRead();
      this.destroy();
    });
    socket.on('error', (error) => {
      this.failure = error;
    });
    socket.on('close', () => this.lost());
  }

  private reading(): net.OnReadOpts {
    const reads = new ReadBuffer();
    this.reads = reads;
    return {
      buffer: () => reads.next(),
      callback: (size) => {
        const chunk = reads.take(size);
        reads.settle(this.switched ? !this.tunnelled(reads.keep(chunk)) : !this.read(chunk));
        return true;
      },
    };
  }

  /** Gives what a tunnel brings to `take` from now on, which says whether it is through with it; not over TLS. */
  get lend(): ((take: (chunk: Buffer) => boolean) => void) | undefined {
    if (this.reads === undefined) return undefined;
    return (take) => {
      this.tunnelled = take;
    };
  }

  /** True: nothing of the chunk is needed any more. */
  private read(chunk: Buffer): boolean {
    const served = this.call;
    this.parser.feed(chunk);
    return served === undefined || served.onRead();
  }

  /** Binds the connection to a call whose request is about to be written. */
  serve(call: Served, method: string, upgrading: boolean): void {
    this.call = call;
    this.parser.expect(method, upgrading);
  }

  /** Bytes of the response have arrived, be they part of an interim one. */
  get begun(): boolean {
    return this.parser.begun;
  }

  /** The call is over as far as this connection is concerned. */
  release(): void {
    this.call = undefined;
  }

  /** Ends the connection at once; nobody is told of an error. */
  destroy(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private lost(): void {
    this.closed = true;
    const { call } = this;
    this.call = undefined;
    call?.onLost(this, this.failure);
    this.owner.onClosed(this);
  }

  onInterim(status: number, headers: readonly string[]): void {
    this.call?.onInterim(status, headers);
  }

  onHead(head: ResponseHead): void {
    this.keepAliveHint = head.keepAliveHint;
    this.call?.onHead(head);
  }

  onBody(chunk: Buffer): void {
    this.call?.onBody(this.reads?.keep(chunk) ?? chunk);
  }

  onWholeBody(latin1: string): void {
    this.call?.onWholeBody(latin1);
  }

  onMessageEnd(trailers: string[] | undefined, reusable: boolean): void {
    const { call } = this;
    this.call = undefined;
    this.reused = true;
    call?.onMessageEnd(trailers, reusable);
    if (reusable && !this.closed) this.owner.onReusable(this);
    else this.destroy();
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    const { call, socket } = this;
    this.call = undefined;
    this.switched = true;
    socket.pause();
    for (const event of ['data', 'drain', 'end', 'close', 'error']) socket.removeAllListeners(event);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.owner.onClosed(this));
    this.owner.onTunnel();
    call?.onSwitch(head, rest);
  }

  onFault(reason: string): void {
    const { call } = this;
    this.call = undefined;
    this.destroy();
    call?.onFault(reason);
  }
}
