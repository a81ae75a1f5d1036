/** The last gate before the app: how large a body may be. */
import type { BodySink, BodySource, Exchange, Filter } from '../exchange.ts';
import type { HeaderBlock } from '../header-block.ts';
import { Problem } from '../problem.ts';

export interface LimitsOptions {
  /** Bytes; 0 for no limit. */
  readonly maxBodySize: number;
}

export function limits({ maxBodySize }: LimitsOptions): Filter {
  return {
    name: 'limits',
    request(x: Exchange): undefined {
      const { body } = x.request;
      if (body === undefined || maxBodySize === 0) return;
      if (body.length > maxBodySize) throw new Problem('body_too_large', { close: true });
      if (body.length < 0) x.request.body = new BoundedBody(body, maxBodySize);
    },
  };
}

/** A body of undeclared length that fails once it is too long: the app never gets an end for it. */
class BoundedBody implements BodySource, BodySink {
  readonly length = -1;
  private readonly source: BodySource;
  private left: number;
  private sink: BodySink | undefined = undefined;

  constructor(source: BodySource, max: number) {
    this.source = source;
    this.left = max;
  }

  flow(sink: BodySink): void {
    this.sink = sink;
    this.source.flow(this);
  }

  write(chunk: Buffer): void {
    this.left -= chunk.length;
    if (this.left >= 0) this.sink?.write(chunk);
    else this.refuse();
  }

  end(trailers?: HeaderBlock): void {
    this.sink?.end(trailers);
  }

  fail(problem: Problem): void {
    this.sink?.fail(problem);
  }

  pause(): void {
    this.source.pause();
  }

  resume(): void {
    this.source.resume();
  }

  cancel(): void {
    this.source.cancel();
  }

  private refuse(): void {
    const { sink } = this;
    if (sink === undefined) return;
    this.sink = undefined;
    sink.fail(new Problem('body_too_large', { close: true }));
    this.source.cancel();
  }
}
