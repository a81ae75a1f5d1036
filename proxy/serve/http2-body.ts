/** A client's HTTP/2 request body as a source; the stream's window is the back-pressure. */
import type { ServerHttp2Stream } from 'node:http2';
import type { BodySink, BodySource } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import { Problem } from '../problem.ts';
import { malformed } from './request-head.ts';

export class Http2Body implements BodySource {
  readonly length: number;
  complete = false;
  received = 0;
  private readonly stream: ServerHttp2Stream;
  /** The client waits for a 100 Continue before it sends (RFC 9110 §10.1.1). */
  private continuing: boolean;
  private sink: BodySink | undefined = undefined;
  private failure: Problem | undefined = undefined;
  private trailers: HeaderBlock | undefined = undefined;

  constructor(stream: ServerHttp2Stream, length: number, expect: string | undefined) {
    this.stream = stream;
    this.length = length;
    this.continuing = expect?.toLowerCase() === '100-continue';
    stream.on('trailers', (_headers, _flags, raw) => {
      this.trailers = new HeaderBlock(raw as unknown as string[]);
    });
  }

  flow(sink: BodySink): void {
    this.sink = sink;
    if (this.failure !== undefined) {
      sink.fail(this.failure);
      return;
    }
    this.stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      this.sink?.write(chunk);
    });
    this.stream.on('end', () => this.ended());
    if (this.continuing && !this.stream.headersSent && !this.stream.closed)
      this.stream.additionalHeaders({ ':status': 100 });
    this.continuing = false;
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  cancel(): void {
    this.sink = undefined;
    this.stream.resume();
  }

  /** The stream broke before the body's end. */
  fail(problem: Problem): void {
    if (this.complete || this.failure !== undefined) return;
    this.failure = problem;
    this.sink?.fail(problem);
  }

  private ended(): void {
    if (this.complete || this.failure !== undefined) return;
    if (this.stream.aborted || this.stream.destroyed) this.fail(malformed('The request body ended early.'));
    else if (this.length >= 0 && this.received !== this.length)
      this.fail(malformed('The Content-Length does not match the body.'));
    else {
      this.complete = true;
      this.sink?.end(this.trailers);
    }
  }

  /** The client took too long to send its body. */
  expire(): void {
    this.fail(new Problem('request_timeout'));
  }
}
