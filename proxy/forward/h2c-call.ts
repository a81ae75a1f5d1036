/** One request's trip to an HTTP/2 app: a stream, its body both ways, its trailers (RFC 9113 §8.1). */
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { type Awaiting, type BodySink, type BodySource, type Exchange, Reply } from '../exchange.ts';
import { fieldObject, HeaderBlock, lowerName } from '../header-block.ts';
import { CANCEL, REFUSED_STREAM } from '../http2-codes.ts';
import type { Problem } from '../problem.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import type { Session } from './h2c.ts';
import { upstreamHead } from './headers.ts';
import { passableFields, passableTrailers } from './passable.ts';
import { broken, late, lied, type UpstreamOptions, unreachable } from './upstream.ts';

export class H2cCall implements BodySink, BodySource, Timed {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  length = -1;
  private readonly x: Exchange;
  private readonly options: UpstreamOptions;
  private readonly deadlines: Deadlines;
  private readonly session: () => Session;
  private readonly to: Awaiting;
  private stream: ClientHttp2Stream | undefined = undefined;
  private via: Session | undefined = undefined;
  private sink: BodySink | undefined = undefined;
  private trailers: HeaderBlock | undefined = undefined;
  private requestTrailers: HeaderBlock | undefined = undefined;
  private answered = false;
  private complete = false;
  private failure: Problem | undefined = undefined;
  private requestPaused = false;
  private retried = false;
  private over = false;
  private error: Error | undefined = undefined;
  private startedAt = 0;

  constructor(
    x: Exchange,
    to: Awaiting,
    options: UpstreamOptions,
    deadlines: Deadlines,
    session: () => Session,
  ) {
    this.x = x;
    this.options = options;
    this.deadlines = deadlines;
    this.session = session;
    this.to = to;
  }

  start(): void {
    this.startedAt = performance.now();
    this.x.call = this;
    this.deadlines.add(this);
    this.send();
  }

  private send(): void {
    const { request } = this.x;
    const via = this.session();
    this.via = via;
    via.streams++;
    const { connectTimeout, responseTimeout } = this.options;
    this.deadline = performance.now() + (via.connected ? responseTimeout : connectTimeout);
    if (!via.connected) via.http2.once('connect', () => this.awaitHead());
    const stream = this.open(via);
    if (stream === undefined) return;
    this.stream = stream;
    stream.on('headers', (headers, _flags, raw) =>
      this.onInterim(headers[':status'] ?? 0, raw as unknown as string[]),
    );
    stream.on('response', (headers, _flags, raw) =>
      this.onHead(headers[':status'] ?? 0, raw as unknown as string[]),
    );
    stream.on('trailers', (_headers, _flags, raw) => {
      this.trailers = passableTrailers(raw as unknown as string[]);
    });
    stream.on('drain', () => this.onDrain());
    stream.on('error', (error) => {
      this.error = error;
    });
    stream.once('close', () => this.closed());
    request.body?.flow(this);
  }

  /** Opening fails at once on a session that is going away under us. */
  private open(via: Session): ClientHttp2Stream | undefined {
    const bodiless = this.x.request.body === undefined;
    try {
      const stream = via.http2.request(this.head(), { endStream: bodiless, waitForTrailers: !bodiless });
      stream.once('wantTrailers', () => {
        if (!stream.destroyed) stream.sendTrailers(fieldObject(this.requestTrailers));
      });
      return stream;
    } catch (error) {
      via.streams--;
      via.leaving = true;
      this.settle(unreachable(error));
      return undefined;
    }
  }

  private head(): OutgoingHttpHeaders {
    const { request, client } = this.x;
    const host = this.options.hostHeader === 'upstream' ? this.options.url.host : undefined;
    const { headers, host: authority } = upstreamHead(this.x, {
      fields: this.options.fields,
      host,
      fallbackHost: this.options.url.host,
    });
    const fields: string[] = [
      ':method',
      request.method,
      ':path',
      request.target,
      ':scheme',
      client.scheme,
      ':authority',
      authority,
    ];
    for (let i = 0; i < headers.length; i += 2) {
      const name = lowerName(headers[i] as string);
      if (name !== 'host') fields.push(name, headers[i + 1] as string);
    }
    if (request.headers.get('te')?.toLowerCase().includes('trailers') === true) fields.push('te', 'trailers');
    return fields as unknown as OutgoingHttpHeaders;
  }

  private awaitHead(): void {
    if (!this.answered) this.deadline = performance.now() + this.options.responseTimeout;
  }

  // ---- request body

  write(chunk: Buffer): void {
    const { stream } = this;
    if (stream === undefined || this.over || stream.destroyed) return;
    this.awaitHead();
    if (stream.write(chunk) || this.requestPaused) return;
    this.requestPaused = true;
    this.x.request.body?.pause();
  }

  end(trailers?: HeaderBlock): void {
    const { stream } = this;
    if (stream === undefined || stream.destroyed) return;
    this.awaitHead();
    this.requestTrailers = passableTrailers(trailers?.list, this.options.fields);
    stream.end();
  }

  fail(problem: Problem): void {
    this.settle(problem);
  }

  private onDrain(): void {
    if (!this.requestPaused) return;
    this.requestPaused = false;
    this.x.request.body?.resume();
  }

  // ---- response

  private onInterim(status: number, raw: string[]): void {
    if (status !== 100 && status !== 101)
      this.x.responder?.interim(status, new HeaderBlock(passableFields(plain(raw), -1, undefined)));
  }

  private onHead(status: number, raw: string[]): void {
    const { stream } = this;
    if (stream === undefined || this.over) return;
    if (status < 200 || status > 599) {
      this.settle(lied(`status ${status}`));
      return;
    }
    this.answered = true;
    if (this.via !== undefined) this.via.used = true;
    this.x.upstreamMs = performance.now() - this.startedAt;
    this.deadline = performance.now() + this.options.idleTimeout;
    const fields = plain(raw);
    const declared = new HeaderBlock(fields).get('content-length');
    const length = declared !== undefined && /^\d{1,15}$/.test(declared) ? Number(declared) : -1;
    this.length = length;
    const bodiless = this.x.request.method === 'HEAD' || status === 204 || status === 304;
    const headers = new HeaderBlock(passableFields(fields, status === 204 ? -1 : length, undefined));
    stream.pause();
    stream.on('data', (chunk: Buffer) => this.onData(chunk));
    stream.on('end', () => this.onEnd());
    if (bodiless) stream.resume();
    this.to.answered(this.x, new Reply(status, headers, bodiless ? undefined : this, 'upstream'));
  }

  private onData(chunk: Buffer): void {
    this.deadline = performance.now() + this.options.idleTimeout;
    this.sink?.write(chunk);
  }

  private onEnd(): void {
    // A reset stream ends too: only its close tells whether the body is whole.
    if (this.stream?.rstCode === 0 && !this.stream.aborted) this.complete = true;
  }

  flow(sink: BodySink): void {
    this.sink = sink;
    if (this.failure !== undefined) sink.fail(this.failure);
    else this.stream?.resume();
  }

  pause(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.stream?.pause();
  }

  resume(): void {
    this.deadline = performance.now() + this.options.idleTimeout;
    this.stream?.resume();
  }

  cancel(): void {
    if (this.over) return;
    this.dispose();
    this.stream?.close(CANCEL);
    this.x.request.body?.cancel();
  }

  // ---- endings

  private closed(): void {
    if (this.via !== undefined) this.via.streams--;
    if (this.over) return;
    const { stream } = this;
    if (this.complete && stream?.rstCode === 0) {
      this.dispose();
      this.sink?.end(this.trailers);
      return;
    }
    if (!this.answered && this.repeatable(stream?.rstCode)) {
      this.retried = true;
      this.send();
      return;
    }
    const cause = this.error ?? `upstream: stream closed with code ${stream?.rstCode ?? 0}`;
    this.settle(this.via?.connected === true ? broken(cause) : unreachable(cause));
  }

  /** Once, without a body, when the app says it did nothing or an old session ended (RFC 9113 §8.7). */
  private repeatable(code: number | undefined): boolean {
    if (this.retried || this.x.request.body !== undefined) return false;
    if (code === REFUSED_STREAM) return true;
    const { method } = this.x.request;
    return (
      this.via?.used === true &&
      this.via.leaving &&
      (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
    );
  }

  expire(): void {
    if (this.via?.connected !== true) {
      if (this.via !== undefined) this.via.leaving = true;
      this.settle(late('no connection in time'));
    }
    // The client's body is still to come: that has a time of its own, and the app is not to blame.
    else if (!this.answered && this.stream?.writableEnded === false && !this.requestPaused) this.awaitHead();
    else this.settle(late(this.answered ? 'silent for too long' : 'no response in time'));
  }

  private settle(problem: Problem): void {
    if (this.over) return;
    this.dispose();
    this.stream?.close(CANCEL);
    this.x.request.body?.cancel();
    if (!this.answered) queueMicrotask(() => this.to.failed(this.x, problem));
    else if (this.sink !== undefined) this.sink.fail(problem);
    else this.failure = problem;
  }

  private dispose(): void {
    this.over = true;
    this.x.call = undefined;
    this.deadlines.delete(this);
  }
}

/** Fields without the pseudo ones. */
function plain(raw: string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.charCodeAt(0) !== 58) fields.push(name, raw[i + 1] as string);
  }
  return fields;
}
