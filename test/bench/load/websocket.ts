/** Sends a message on each WebSocket and waits for its echo, again and again: PORT CONNECTIONS BYTES SECONDS. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { raw } from './requests.ts';

const [, , port, connections, size, duration] = process.argv;
const payload = Number(size);
const handshake = raw({
  path: '/echo',
  headers: [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
});

/** A binary frame (RFC 6455, 5.2), masked with zeros: its payload stands as it is. */
function frame(): Buffer {
  const extended = payload > 125;
  const head = extended ? [0x82, 0xfe, payload >> 8, payload & 0xff] : [0x82, 0x80 | payload];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.alloc(payload, 'x')]);
}

const message = frame();
/** The echo is not masked. */
const echoLength = message.length - 4;
const latencies: number[] = [];
let failures = 0;
let over = false;

/** Resolves once the handshake is accepted, with what begins the exchange of messages. */
function open(): Promise<[Socket, () => void]> {
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(handshake)).setNoDelay();
  return new Promise((resolve, reject) => {
    let accepted = false;
    let received = 0;
    let sentAt = 0;
    const send = () => {
      received = 0;
      sentAt = performance.now();
      socket.write(message);
    };
    socket.on('data', (chunk) => {
      if (!accepted) {
        accepted = chunk.toString('latin1', 0, 12) === 'HTTP/1.1 101';
        if (!accepted) reject(new Error(chunk.toString('latin1', 0, 300)));
        return resolve([socket, send]);
      }
      received += chunk.length;
      if (received < echoLength) return;
      if (received > echoLength) failures += 1;
      latencies.push(performance.now() - sentAt);
      if (!over) send();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!over) failures += 1;
      reject(new Error('closed'));
    });
  });
}

const all = await Promise.all(Array.from({ length: Number(connections) }, open));
console.log('start');
const startedAt = performance.now();
for (const [, send] of all) send();
setTimeout(async () => {
  over = true;
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  console.log(
    JSON.stringify({ operations: latencies.length, seconds, p50: at(0.5), p99: at(0.99), failures }),
  );
  await once(process.stdin.resume(), 'end');
  for (const [socket] of all) socket.destroy();
}, Number(duration) * 1000);
