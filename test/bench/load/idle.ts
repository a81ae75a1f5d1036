/** Opens connections, has one request answered on each, and keeps them: PORT CONNECTIONS. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Answer } from './answer.ts';
import { raw } from './requests.ts';

/** Connections opened at once. */
const WAVE = 50;

const [, , port, connections] = process.argv;
const request = raw();
let failures = 0;
let over = false;

/** Resolves once the request is answered. */
function open(): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(request)).setNoDelay();
  const answer = new Answer();
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      if (!answer.feed(chunk)) return;
      if (!answer.success) failures += 1;
      resolve(socket);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!over) failures += 1;
      resolve(socket);
    });
  });
}

const sockets: Socket[] = [];
const startedAt = performance.now();
while (sockets.length < Number(connections)) {
  const wave = Math.min(WAVE, Number(connections) - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: wave }, open))));
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ operations: sockets.length, seconds, failures }));
await once(process.stdin.resume(), 'end');
over = true;
for (const socket of sockets) socket.destroy();
