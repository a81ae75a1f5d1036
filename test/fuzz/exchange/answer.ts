/** Reads what railguard answered, strictly, and says whether it belongs to what was asked. */
import { field } from './app.ts';
import { bodyOf, readChunks } from './dice.ts';
import { bodiless, FOUL, oddValue, targetOf, type Wish } from './wish.ts';

export interface Got {
  readonly status: number;
  readonly name: string | undefined;
  readonly odd: string | undefined;
  readonly body: Buffer;
  readonly closes: boolean;
  /** Trailer lines; undefined when the body was not chunked. */
  readonly trailers: string[] | undefined;
}

export interface Asked {
  readonly wish: Wish;
  readonly method: string;
  readonly bytes: Buffer;
  /** The connection ends after it. */
  readonly last: boolean;
  /** railguard refuses it by itself. */
  readonly refused: boolean;
  readonly old: boolean;
  /** Sent twice it does no harm: a kept connection that the app ends at that moment is made good. */
  readonly repeatable: boolean;
  /** The body waits for a 100; so many bytes of `bytes` are its head. */
  readonly waitsAt: number;
  readonly kind: string;
}

/** Takes one whole answer off the front; undefined while bytes are missing. `ended`: no more will come, in good order. */
export function take(
  bytes: Buffer,
  { method, old }: Pick<Asked, 'method' | 'old'>,
  ended: boolean,
): { got: Got; next: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end + 2);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`not an answer: ${JSON.stringify(head.slice(0, 80))}`);
  if (status < 200 && status !== 101) {
    if (old) throw new Error(`an informational response to HTTP/1.0: ${status}`);
    const rest = take(bytes.subarray(end + 4), { method, old }, ended);
    return rest && { got: rest.got, next: rest.next + end + 4 };
  }
  const length = field(head, 'Content-Length');
  const coded = /\r\ntransfer-encoding: chunked\r\n/i.test(head);
  if (coded && (old || length !== undefined)) throw new Error(`framed wrongly: ${JSON.stringify(head)}`);
  const closes = /\r\nconnection: close\r\n/i.test(head);
  const got = (body: Buffer, next: number, trailers?: string[]) => ({
    got: {
      status,
      name: field(head, 'X-Name'),
      odd: field(head, 'X-Odd'),
      body,
      closes,
      trailers,
    },
    next,
  });
  if (status === 101 || bodiless(method, status)) return got(Buffer.alloc(0), end + 4);
  if (coded) {
    const read = readChunks(bytes, end + 4);
    return read && got(read.body, read.next, read.trailers);
  }
  if (length === undefined) return ended ? got(bytes.subarray(end + 4), bytes.length) : undefined;
  const next = end + 4 + Number(length);
  return bytes.length < next ? undefined : got(bytes.subarray(end + 4, next), next);
}

/** What a verdict needs to know of a request. */
export type Question = Pick<Asked, 'wish' | 'method' | 'refused' | 'repeatable'>;

/** Why this is no answer to that; empty when it is one. */
export function misfit(asked: Question, got: Got): string {
  const { wish, method, refused, repeatable } = asked;
  if (refused)
    return got.status === 400 && got.name === undefined ? '' : `expected a refusal, got ${got.status}`;
  const what = `${method} ${targetOf(wish)}`;
  // An answer of railguard's own: the app failed in its way, or ended a kept connection as the request was sent.
  if (got.name === undefined)
    return got.status === 502 && (FOUL.has(wish.mood) || !repeatable)
      ? ''
      : `${got.status} of ours (${got.body}) for ${what}`;
  if (got.name !== wish.name) return `answer of ${got.name} for ${what}`;
  if (got.status !== wish.status) return `status ${got.status} for ${what}`;
  if (got.odd !== oddValue(wish.name)) return `field ${JSON.stringify(got.odd)} for ${what}`;
  const whole = bodyOf(wish.name, bodiless(method, wish.status) ? 0 : wish.size);
  // The end of the connection is the end of such a body: nobody can see that it was cut.
  const open = FOUL.has(wish.mood) && (wish.framing === 'close' || wish.framing === 'v10');
  const right = open ? whole.subarray(0, got.body.length) : whole;
  if (!right.equals(got.body)) return `body of ${got.body.length} bytes for ${what}`;
  const end = [`X-End: ${wish.name}`, 'ETag: "1"', 'ETag: "2"'];
  if (got.trailers === undefined || wish.framing !== 'trailers') return '';
  return end.every((line) => got.trailers?.includes(line)) ? '' : `trailers ${got.trailers} for ${what}`;
}
