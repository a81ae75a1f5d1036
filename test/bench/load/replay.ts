/** Plays the requests of a file in turn, for where wrk is not installed: PORT FILE PLAYED CONNECTIONS SECONDS. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Answer } from './answer.ts';
import { parse } from './requests.ts';

const [, , port, file, played, connections, duration] = process.argv;
const requests = parse(readFileSync(file!));
const closing = requests.some((request) => /\r\nconnection: close\r\n/i.test(request.toString('latin1')));

const latencies: number[] = [];
const sockets = new Set<Socket>();
let turn = Number(played);
let bytes = 0;
let failures = 0;
let over = false;

function open(): void {
  const socket = connect(Number(port), '127.0.0.1').setNoDelay();
  const answer = new Answer();
  let sentAt = 0;
  let answered = false;
  sockets.add(socket);
  const send = () => {
    answer.reset();
    sentAt = performance.now();
    socket.write(requests[turn++ % requests.length]!);
  };
  socket.on('connect', send);
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (!answer.feed(chunk)) return;
    answered = true;
    if (!answer.success) failures += 1;
    latencies.push((performance.now() - sentAt) * 1000);
    if (closing) socket.destroy();
    else if (!over) send();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (over) return;
    if (closing && answered) return open();
    failures += 1;
    setTimeout(open, 10);
  });
}

function report(seconds: number): void {
  over = true;
  for (const socket of sockets) socket.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0);
  const found = { operations: latencies.length, seconds, bytes, p50: at(0.5), p99: at(0.99), failures };
  console.log(JSON.stringify(found));
}

const startedAt = performance.now();
for (let i = 0; i < Number(connections); i += 1) open();
setTimeout(() => report((performance.now() - startedAt) / 1000), Number(duration) * 1000);
