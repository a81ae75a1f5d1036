/** Gives every request one id and one trace, and says both to the client, the app and the log. */
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Exchange, Filter, Reply } from '../exchange.ts';
import { type HeaderBlock, lowerName, namesOf } from '../header-block.ts';
import { View } from '../header-view.ts';
import { nextTrace } from '../trace-context.ts';

const ACCEPTED = /^[A-Za-z0-9._-]{8,128}$/;
const NONE: readonly string[] = [];
const isOurs = namesOf('x-correlation-id', 'x-request-id', 'x-response-time');

/** The client's lines that bear on identity; each list holds every line of its name. */
interface Brought {
  correlationIds: string[];
  requestIds: string[];
  traceparents: string[];
  tracestates: string[];
}

/**
 * The id is the client's `X-Correlation-ID`, else its `X-Request-ID`, else a new UUIDv7. A name that stands on
 * two lines says nothing, and neither does a value out of form.
 */
export function correlation(options: { readonly clock: Clock; readonly ids: Ids }): Filter {
  const { clock, ids } = options;
  return {
    name: 'correlation',
    request(x: Exchange): undefined {
      const said = brought.of(x.request.headers);
      const given = only(said?.correlationIds) ?? only(said?.requestIds);
      x.ownId = given === undefined;
      x.requestId = given ?? ids.uuid();
      const trace = nextTrace(said?.traceparents ?? NONE, said?.tracestates ?? NONE, ids);
      x.trace = trace;
      x.upstreamHeaders.push('X-Correlation-ID', x.requestId, 'X-Request-ID', x.requestId);
      x.upstreamHeaders.push('traceparent', trace.traceparent);
      if (trace.tracestate !== undefined) x.upstreamHeaders.push('tracestate', trace.tracestate);
    },
    response(x: Exchange, reply: Reply): void {
      const { headers } = reply;
      headers.deleteWhere(isOurs);
      headers.append('X-Correlation-ID', x.requestId);
      headers.append('X-Request-ID', x.requestId);
      headers.append('X-Response-Time', `${(clock.monotonic() - x.startedAt).toFixed(2)}ms`);
    },
  };
}

function only(values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.length !== 1) return undefined;
  const value = values[0] as string;
  return ACCEPTED.test(value) ? value : undefined;
}

/** One pass over the block; nothing is allocated for a client that brings none of the four. */
function read(headers: HeaderBlock): Brought | undefined {
  const { list } = headers;
  let found: Brought | undefined;
  for (let i = 0; i < list.length; i += 2) {
    const kind = KINDS.get(lowerName(list[i] as string));
    if (kind === undefined) continue;
    found ??= { correlationIds: [], requestIds: [], traceparents: [], tracestates: [] };
    found[kind].push(list[i + 1] as string);
  }
  return found;
}

const KINDS: ReadonlyMap<string, keyof Brought> = new Map([
  ['x-correlation-id', 'correlationIds'],
  ['x-request-id', 'requestIds'],
  ['traceparent', 'traceparents'],
  ['tracestate', 'tracestates'],
]);

const brought = new View(read);
