/** Exchanges and replies for tests of single filters, made from plain facts. */
import {
  type BodySink,
  type BodySource,
  type Client,
  Exchange,
  Reply,
  type RequestHead,
} from '../../../../proxy/exchange.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { normalisePath } from '../../../../proxy/path.ts';
import { Problem } from '../../../../proxy/problem.ts';

interface Facts {
  readonly method?: string;
  readonly target?: string;
  readonly kind?: RequestHead['kind'];
  readonly authority?: string;
  readonly headers?: readonly string[];
  readonly scheme?: Client['scheme'];
  readonly host?: string;
  readonly body?: BodySource;
}

export function exchange(facts: Facts = {}): Exchange {
  const authority = facts.authority ?? 'app.test';
  const target = facts.target ?? '/';
  const head: RequestHead = {
    kind: facts.kind ?? 'http',
    version: '1.1',
    method: facts.method ?? 'GET',
    target,
    ...normalisePath(target),
    authority,
    headers: new HeaderBlock([...(facts.headers ?? [])]),
    body: facts.body,
  };
  const address = '192.0.2.1';
  const client: Client = {
    address,
    peer: address,
    scheme: facts.scheme ?? 'http',
    host: facts.host ?? authority,
    trusted: false,
  };
  const x = new Exchange(head, client, 0);
  x.requestId = 'id-of-this-request';
  return x;
}

export function reply(
  headers: readonly string[] = [],
  status = 200,
  body?: Reply['body'],
  origin: Reply['origin'] = 'upstream',
): Reply {
  return new Reply(status, new HeaderBlock([...headers]), body, origin);
}

/** A body that hands out its chunks as soon as it flows, and ends unless it was cancelled. */
export class Chunks implements BodySource {
  readonly length: number;
  cancelled = false;
  private readonly chunks: readonly Buffer[];
  private readonly ends: boolean;

  constructor(chunks: readonly Buffer[], length = -1, ends = true) {
    this.chunks = chunks;
    this.length = length;
    this.ends = ends;
  }

  flow(sink: BodySink): void {
    for (const chunk of this.chunks) if (!this.cancelled) sink.write(chunk);
    if (this.cancelled) return;
    if (this.ends) sink.end();
    else sink.fail(new Problem('request_malformed'));
  }
  pause(): void {}
  resume(): void {}
  cancel(): void {
    this.cancelled = true;
  }
}

/** The code a filter refuses with; undefined when it passes. */
export function refusal(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown.code;
    throw thrown;
  }
}
