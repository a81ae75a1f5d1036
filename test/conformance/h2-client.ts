/** A client with prior knowledge of HTTP/2 that sends the frames of a case and reads every frame that comes back. */
import { connect } from 'node:net';
import { holds, type Step, sleep, speak } from './bytes.ts';
import type { Seen, SeenReply, Talk } from './h1-client.ts';
import { decode, FRAME, frame, PREFACE, settings, settingsAck } from './h2-frames.ts';
import type { Fields } from './message.ts';

interface Stream {
  status: number;
  fields: Fields;
  interims: SeenReply['interims'];
  trailers: Fields;
  parts: Buffer[];
  end: SeenReply['end'];
  code?: number;
}

/** Reads frames and keeps what each stream got. */
export class FrameReader {
  readonly streams = new Map<number, Stream>();
  goaway = -1;
  /** What has to be sent back: acknowledgements and window. */
  replies: Buffer[] = [];
  /** Names of the events in order, for `until` steps: `settings`, `headers 1`, `data 1`, `end 1`, `reset 1`, `goaway`. */
  log = '';
  private rest: Buffer = Buffer.alloc(0);
  private block: Buffer[] = [];
  private blockEnds = false;

  push(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 9) {
      const length = this.rest.readUIntBE(0, 3);
      if (this.rest.length < 9 + length) return;
      const stream = this.rest.readUInt32BE(5) & 0x7fffffff;
      this.take(this.rest[3] as number, this.rest[4] as number, stream, this.rest.subarray(9, 9 + length));
      this.rest = this.rest.subarray(9 + length);
    }
  }

  private take(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === FRAME.settings && !(flags & 1)) {
      this.replies.push(settingsAck);
      this.log += 'settings;';
    } else if (type === FRAME.ping && !(flags & 1)) this.replies.push(frame(FRAME.ping, 1, 0, payload));
    else if (type === FRAME.goaway) {
      this.goaway = payload.readUInt32BE(4);
      this.log += 'goaway;';
    } else if (type === FRAME.headers || type === FRAME.continuation)
      this.takeHeaders(type, flags, id, payload);
    else if (type === FRAME.data) {
      this.stream(id).parts.push(Buffer.from(payload));
      this.log += `data ${id};`;
      if (flags & 1) this.finish(id);
    } else if (type === FRAME.rst) {
      const stream = this.stream(id);
      if (stream.end === 'open') stream.end = 'reset';
      stream.code = payload.readUInt32BE(0);
      this.log += `reset ${id};`;
    }
  }

  private takeHeaders(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === FRAME.headers) {
      this.block = [];
      this.blockEnds = (flags & 1) !== 0;
    }
    this.block.push(payload);
    if (!(flags & 4)) return;
    const fields = decode(Buffer.concat(this.block));
    const stream = this.stream(id);
    const status = Number(fields.find(([name]) => name === ':status')?.[1] ?? 0);
    const rest = fields.filter(([name]) => name !== ':status');
    if (status >= 100 && status < 200) stream.interims.push({ status, fields: rest });
    else if (stream.status === 0) Object.assign(stream, { status, fields: rest });
    else stream.trailers = fields;
    this.log += `headers ${id};`;
    if (this.blockEnds) this.finish(id);
  }

  private finish(id: number): void {
    this.stream(id).end = 'complete';
    this.log += `end ${id};`;
  }

  private stream(id: number): Stream {
    let stream = this.streams.get(id);
    if (!stream) {
      stream = { status: 0, fields: [], interims: [], trailers: [], parts: [], end: 'open' };
      this.streams.set(id, stream);
    }
    return stream;
  }
}

export async function talkH2(port: number, steps: readonly Step[], talk: Talk = {}): Promise<Seen> {
  const { replies = 1, deadline = 5000, linger = 40, localAddress } = talk;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(localAddress && { localAddress }) });
  const reader = new FrameReader();
  const chunks: Buffer[] = [];
  let lastByte = performance.now();
  let closedAt = -1;
  const over = () => {
    if (closedAt < 0) closedAt = performance.now();
  };
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    lastByte = performance.now();
    reader.push(chunk);
    for (const reply of reader.replies.splice(0)) if (socket.writable) socket.write(reply);
  });
  socket.on('end', over).on('error', over).on('close', over);
  const ended = () => [...reader.streams.values()].filter((s) => s.end !== 'open').length;
  const enough = () => closedAt >= 0 || reader.goaway > 0 || ended() >= replies;
  // Table size 0: every response header block can be decoded by itself; a large window: bodies come at once.
  const opening: Step[] = [
    Buffer.concat([
      Buffer.from(PREFACE),
      settings([
        [1, 0],
        [4, 1_000_000],
      ]),
    ]),
  ];
  const spoken = speak(socket, [...opening, ...steps], () => reader.log);
  let done = false;
  const closes = holds(() => done || closedAt >= 0, 600_000);
  await Promise.race([spoken.then(() => holds(enough, deadline)), closes]).finally(() => {
    done = true;
  });
  await holds(() => closedAt >= 0, linger);
  const ids = [...reader.streams.keys()].sort((a, b) => a - b);
  const seen: Seen = {
    replies: ids.map((id) => finalOf(reader.streams.get(id) as Stream, closedAt >= 0)),
    closed: closedAt >= 0 || reader.goaway >= 0,
    closedAfter: closedAt < 0 ? -1 : Math.max(0, closedAt - lastByte),
    raw: Buffer.concat(chunks),
    goaway: reader.goaway,
  };
  socket.destroy();
  await sleep(0);
  return seen;
}

function finalOf(stream: Stream, closed: boolean): SeenReply {
  const { status, fields, trailers, interims, end, code } = stream;
  return {
    status,
    version: 'HTTP/2',
    fields,
    body: Buffer.concat(stream.parts),
    trailers,
    interims,
    end: end === 'open' && closed ? 'cut' : end,
    ...(code !== undefined && { code }),
  };
}
