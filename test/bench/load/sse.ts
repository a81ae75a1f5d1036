/** Listens to a stream of events on many connections, and counts what arrives: PORT STREAMS SECONDS. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { raw } from './requests.ts';

/** Streams opened at once. */
const WAVE = 50;
/** Milliseconds. */
const AGAIN_AFTER = 100;
const NEWLINE = 0x0a;

const [, , port, streams, duration] = process.argv;
const request = raw({ path: '/events', headers: ['Accept: text/event-stream'] });

let events = 0;
let failures = 0;
let over = false;

/** Resolves with the first event; a stream that is refused or broken is asked for again. */
function open(): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(request)).setNoDelay();
  return new Promise((resolve) => {
    let last = 0;
    let accepted = false;
    socket.on('data', (chunk) => {
      accepted ||= chunk.toString('latin1', 0, 12) === 'HTTP/1.1 200';
      if (!accepted) socket.destroy();
      for (const byte of chunk) {
        if (byte === NEWLINE && last === NEWLINE) {
          events += 1;
          resolve(socket);
        }
        last = byte;
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (over) return;
      failures += 1;
      setTimeout(() => open().then(resolve), AGAIN_AFTER);
    });
  });
}

const sockets: Socket[] = [];
while (sockets.length < Number(streams)) {
  const wave = Math.min(WAVE, Number(streams) - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: wave }, open))));
}
console.log('start');
events = 0;
failures = 0;
const startedAt = performance.now();
setTimeout(async () => {
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(JSON.stringify({ operations: events, seconds, failures }));
  over = true;
  await once(process.stdin.resume(), 'end');
  process.exit(0);
}, Number(duration) * 1000);
