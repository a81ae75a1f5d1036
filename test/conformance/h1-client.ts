/** A client that sends exactly the bytes of a case on one TCP connection and reads strictly what comes back. */
import { connect } from 'node:net';
import { holds, type Step, sleep, speak } from './bytes.ts';
import { type Fields, readBody, readHead } from './message.ts';

export interface SeenReply {
  /** 0: the connection or stream ended without a status. */
  readonly status: number;
  readonly version: string;
  readonly fields: Fields;
  readonly body: Buffer;
  readonly trailers: Fields;
  readonly interims: { status: number; fields: Fields }[];
  /** `open`: neither ended nor cut when the case was over. */
  readonly end: 'complete' | 'cut' | 'reset' | 'open';
  /** h2: the error code of RST_STREAM. */
  readonly code?: number;
}

export interface Seen {
  readonly replies: SeenReply[];
  /** h1: the connection was closed by the other side; h2: it was closed or got GOAWAY. */
  readonly closed: boolean;
  /** Milliseconds from the last byte of the last reply to the close; -1 when it stayed open. */
  readonly closedAfter: number;
  /** Everything received. */
  readonly raw: Buffer;
  /** h2: error code of GOAWAY; -1 when none came. */
  readonly goaway: number;
}

export interface Talk {
  /** Methods of the requests in order (a HEAD's reply has no body). GET when unsaid. */
  readonly methods?: readonly string[] | undefined;
  /** Final replies to wait for. */
  readonly replies?: number | undefined;
  /** Longest wait for the replies, milliseconds. */
  readonly deadline?: number | undefined;
  /** Stay this long after the last reply, unless the other side closes first, milliseconds. */
  readonly linger?: number | undefined;
  readonly localAddress?: string | undefined;
}

export async function talkH1(port: number, steps: readonly Step[], talk: Talk = {}): Promise<Seen> {
  const { methods = [], replies = 1, deadline = 5000, linger = 40, localAddress } = talk;
  const socket = connect({
    port,
    host: '127.0.0.1',
    allowHalfOpen: true,
    noDelay: true,
    ...(localAddress && { localAddress }),
  });
  let raw: Buffer = Buffer.alloc(0);
  let lastByte = performance.now();
  let closedAt = -1;
  const over = () => {
    if (closedAt < 0) closedAt = performance.now();
  };
  socket.on('data', (chunk) => {
    raw = Buffer.concat([raw, chunk]);
    lastByte = performance.now();
  });
  socket.on('end', over).on('error', over).on('close', over);
  const finals = () => readReplies(raw, methods, closedAt >= 0);
  const spoken = speak(socket, steps, () => raw.toString('latin1'));
  const enough = () => closedAt >= 0 || finals().filter((r) => r.end === 'complete').length >= replies;
  let done = false;
  const closes = holds(() => done || closedAt >= 0, 600_000);
  await Promise.race([spoken.then(() => holds(enough, deadline)), closes]).finally(() => {
    done = true;
  });
  await holds(() => closedAt >= 0, linger);
  const seen: Seen = {
    replies: finals(),
    closed: closedAt >= 0,
    closedAfter: closedAt < 0 ? -1 : Math.max(0, closedAt - lastByte),
    raw,
    goaway: -1,
  };
  socket.destroy();
  await sleep(0);
  return seen;
}

/** Splits what came into replies. Throws on a reply that a strict client can't read. */
export function readReplies(raw: Buffer, methods: readonly string[], closed: boolean): SeenReply[] {
  const replies: SeenReply[] = [];
  let interims: SeenReply['interims'] = [];
  let at = 0;
  while (at < raw.length) {
    const head = readHead(raw, at);
    if (!head) return replies;
    const line = /^(HTTP\/1\.[01]) ([1-5]\d\d) ?/.exec(head.line);
    if (!line) throw new Error(`status line ${JSON.stringify(head.line)}`);
    const status = Number(line[2]);
    at += head.length;
    if (status < 200 && status !== 101) {
      interims.push({ status, fields: head.fields });
      continue;
    }
    const none = methods[replies.length] === 'HEAD' || status === 204 || status === 304;
    const body =
      status === 101
        ? {
            bytes: raw.subarray(at),
            complete: true,
            length: raw.length - at,
            trailers: [],
            framing: 'none' as const,
          }
        : readBody(raw, at, head.fields, none, false);
    at += body.length;
    const complete = body.complete || (body.framing === 'close' && closed);
    replies.push({
      status,
      version: line[1] as string,
      fields: head.fields,
      body: body.bytes,
      trailers: body.trailers,
      interims,
      end: complete ? 'complete' : closed ? 'cut' : 'open',
    });
    interims = [];
    if (!complete) return replies;
  }
  return replies;
}
