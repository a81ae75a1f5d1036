/** A WebSocket echo in few lines (RFC 6455), so that the demo shows a tunnel without a dependency of its own. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_PAYLOAD = 1024 * 1024;
const OPCODE = { close: 0x8, ping: 0x9, pong: 0xa };

interface Frame {
  /** FIN bit and opcode as they came. */
  readonly first: number;
  readonly payload: Buffer;
  /** Bytes the frame took. */
  readonly size: number;
}

/** Answers the handshake, then sends every frame back until the client closes. */
export function echoWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const key = request.headers['sec-websocket-key'];
  if (key === undefined || request.headers['sec-websocket-version'] !== '13') {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let waiting = head;
  const take = (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    waiting = waiting.subarray(answerAll(waiting, socket));
  };
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', take);
  if (head.length > 0) take(Buffer.alloc(0));
}

/** Answers each whole frame; returns how many bytes they took. */
function answerAll(bytes: Buffer, socket: Duplex): number {
  let offset = 0;
  while (!socket.writableEnded) {
    const frame = parse(bytes.subarray(offset));
    if (frame === undefined) break;
    if (typeof frame === 'number') {
      const code = Buffer.alloc(2);
      code.writeUInt16BE(frame);
      socket.end(build(0x80 | OPCODE.close, code));
      break;
    }
    offset += frame.size;
    answer(frame, socket);
  }
  return offset;
}

function answer({ first, payload }: Frame, socket: Duplex): void {
  switch (first & 0x0f) {
    case OPCODE.close:
      socket.end(build(0x80 | OPCODE.close, payload));
      break;
    case OPCODE.ping:
      socket.write(build(0x80 | OPCODE.pong, payload));
      break;
    case OPCODE.pong:
      break;
    default:
      socket.write(build(first, payload));
  }
}

/** A whole frame; undefined when bytes are missing; a close code when the client breaks the protocol. */
function parse(bytes: Buffer): Frame | number | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes[0] as number;
  const second = bytes[1] as number;
  if ((second & 0x80) === 0 || (first & 0x70) !== 0) return 1002;
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (length > MAX_PAYLOAD) return 1009;
  const size = at + 4 + length;
  if (bytes.length < size) return undefined;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, size));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (mask[i & 3] as number);
  return { first, payload, size };
}

function build(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extra);
  head[0] = first;
  head[1] = extra === 0 ? length : extra === 2 ? 126 : 127;
  if (extra === 2) head.writeUInt16BE(length, 2);
  if (extra === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
