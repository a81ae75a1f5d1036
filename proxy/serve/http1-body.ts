/** A client's HTTP/1.1 request body as a source: it flows when somebody asks, and asks for it (100 Continue) only then. */
import type { ServerResponse } from 'node:http';
import type { BodySink, BodySource } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import type { Problem } from '../problem.ts';
import type { LeanRequest, Taker } from './lean-request.ts';

/** Bytes that cost less to read off than a new connection. */
const DISCARDABLE = 64 * 1024;

export class Http1Body implements BodySource, Taker {
  readonly length: number;
  /** The last byte was read off the connection. */
  complete = false;
  received = 0;
  private readonly request: LeanRequest;
  /** May it come past the stream? */
  private readonly direct: boolean;
  /** Set while the client waits for a 100 Continue (RFC 9110 §10.1.1). */
  private continuing: ServerResponse | undefined;
  private sink: BodySink | undefined = undefined;
  private failure: Problem | undefined = undefined;
  private cancelled = false;

  constructor(request: LeanRequest, length: number, continuing: ServerResponse | undefined, direct: boolean) {
    this.request = request;
    this.length = length;
    this.continuing = continuing;
    this.direct = direct;
  }

  /** The client was told, or never asked, to send its body: bytes of it are on their way. */
  get expected(): boolean {
    return this.continuing === undefined;
  }

  /** Its last byte came in, read or not. */
  get arrived(): boolean {
    return this.request.complete;
  }

  /** What is still to come is small and coming: it can be read off, and the connection goes on. */
  get discardable(): boolean {
    return this.expected && this.length >= 0 && this.length - this.received <= DISCARDABLE;
  }

  flow(sink: BodySink): void {
    this.sink = sink;
    if (this.failure !== undefined) {
      sink.fail(this.failure);
      return;
    }
    const { request } = this;
    if (!this.direct || !request.giveTo(this)) {
      request.on('data', this.onData);
      request.on('end', this.onEnd);
    }
    this.continuing?.writeContinue();
    this.continuing = undefined;
  }

  pause(): void {
    if (this.taken) this.request.hold();
    else this.request.pause();
  }

  resume(): void {
    if (this.taken) this.request.goOn();
    else this.request.resume();
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.sink = undefined;
    if (!this.taken && !this.complete) this.request.on('end', this.onEnd);
    this.resume();
  }

  private get taken(): boolean {
    return this.request.taker === this;
  }

  /** The connection broke or lied before the body's end. */
  fail(problem: Problem): void {
    if (this.complete || this.failure !== undefined) return;
    this.failure = problem;
    this.sink?.fail(problem);
  }

  readonly onData = (chunk: Buffer): void => {
    this.received += chunk.length;
    this.sink?.write(chunk);
  };

  readonly onEnd = (): void => {
    if (this.complete || !this.request.complete) return;
    this.complete = true;
    const { rawTrailers } = this.request;
    this.sink?.end(rawTrailers.length > 0 ? new HeaderBlock(rawTrailers) : undefined);
  };
}
