/** W3C Trace Context, Level 2: continues the trace a client brings, or starts one when what it brings is unfit. */
import type { Ids } from '../core/ids.ts';
import type { Trace } from './exchange.ts';

/** The parts of a valid traceparent. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
}

const SAMPLED = 0x01;
const RANDOM = 0x02;
/** §3.2: the fields of version 00, which every later version keeps in front. */
const FIELDS = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LENGTH_00 = 55;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_PARENT = '0'.repeat(16);

/** §3.3.1.3: the last character of a value is not a blank. */
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_MEMBERS = 32;

/** Undefined when the value is not a valid traceparent; unknown flags are dropped (§3.2.2.5, §4.3). */
export function parseTraceparent(value: string): TraceParent | undefined {
  const fields = FIELDS.exec(trimmed(value));
  if (fields === null) return undefined;
  const [whole, version, traceId, parentId, flags] = fields as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (version === 'ff' || traceId === ZERO_TRACE || parentId === ZERO_PARENT) return undefined;
  if (version === '00' && whole.length !== LENGTH_00) return undefined;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

/**
 * The list as one field value; undefined when it is empty or any part of it is invalid (§3.3).
 * A key that stands twice does not make it invalid.
 */
export function parseTracestate(values: readonly string[]): string | undefined {
  let list = '';
  let count = 0;
  for (const value of values) {
    for (const part of value.split(',')) {
      const member = trimmed(part);
      if (member === '') continue;
      if (++count > MAX_MEMBERS || !MEMBER.test(member)) return undefined;
      list = list === '' ? member : `${list},${member}`;
    }
  }
  return list === '' ? undefined : list;
}

/**
 * The context for the upstream, given every traceparent and tracestate line of the client.
 * We take part: the parent id is ours, the sampled flag the client's. A trace we start is marked sampled,
 * because an app that follows its parent would otherwise record nothing.
 */
export function nextTrace(traceparents: readonly string[], tracestates: readonly string[], ids: Ids): Trace {
  const parent = traceparents.length === 1 ? parseTraceparent(traceparents[0] as string) : undefined;
  if (parent === undefined) {
    return { traceparent: ids.traceparent(), tracestate: undefined };
  }
  return {
    traceparent: `00-${parent.traceId}-${ids.spanId()}-0${parent.flags}`,
    tracestate: tracestates.length === 0 ? undefined : parseTracestate(tracestates),
  };
}

const blank = (code: number) => code === 0x20 || code === 0x09;

/** Without the optional white space of RFC 9110 §5.6.3; by hand, for a pattern would take quadratic time. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && blank(text.charCodeAt(start))) start++;
  while (end > start && blank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
