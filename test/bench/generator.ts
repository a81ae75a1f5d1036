/** A load generator for where wrk is not installed: kept-alive connections, one request at a time on each. */
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

const HEAD_END = '\r\n\r\n';

const { values, positionals } = parseArgs({
  options: {
    c: { type: 'string', short: 'c', default: '64' },
    d: { type: 'string', short: 'd', default: '4' },
    H: { type: 'string', short: 'H', multiple: true, default: [] },
  },
  allowPositionals: true,
});
const url = new URL(positionals[0]!);
const fields = values.H.map((header) => `\r\n${header}`).join('');
const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}${fields}${HEAD_END}`;

const latencies: number[] = [];
const sockets: Socket[] = [];
let failures = 0;
let over = false;

/** Length of the whole message at the front of `text`; 0 while its head is incomplete, NaN when it tells none. */
function messageLength(text: string): number {
  const end = text.indexOf(HEAD_END);
  if (end === -1) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return length === undefined ? Number.NaN : end + HEAD_END.length + Number(length);
}

function open(): Socket {
  const socket = connect(Number(url.port), url.hostname).setNoDelay().setEncoding('latin1');
  let received = '';
  let sentAt = 0;
  const send = () => {
    received = '';
    sentAt = performance.now();
    socket.write(request);
  };
  socket.on('connect', send);
  socket.on('data', (chunk: string) => {
    received += chunk;
    const length = messageLength(received);
    if (length === 0 || received.length < length) return;
    if (received.length !== length || !received.startsWith('HTTP/1.1 2')) failures += 1;
    latencies.push((performance.now() - sentAt) * 1000);
    if (!over) send();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (over) return;
    failures += 1;
    setTimeout(() => sockets.push(open()), 10);
  });
  return socket;
}

function report(seconds: number): void {
  over = true;
  for (const socket of sockets) socket.destroy();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0);
  const p50 = percentile(0.5);
  const p99 = percentile(0.99);
  console.log(JSON.stringify({ requests: latencies.length, seconds, p50, p99, failures }));
}

const startedAt = performance.now();
for (let i = 0; i < Number(values.c); i += 1) sockets.push(open());
setTimeout(() => report((performance.now() - startedAt) / 1000), Number(values.d) * 1000);
