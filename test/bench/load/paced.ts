/**
 * Sends requests at even distances, whether or not earlier ones are answered, and takes each latency from the
 * moment its request was due (no coordinated omission): PORT FILE PER_SECOND SECONDS.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { Answer } from './answer.ts';
import { parse } from './requests.ts';

const CONNECTIONS = 50;
/** Requests sent before those that count. */
const WARM_UP = 500;
/** Nanoseconds before a request is due at which its sender is woken, to wait the rest without sleep. */
const LEAD = 150_000;
/** Nanoseconds by which a request may leave after it was due. */
const LATE = 200_000;

const [, , port, file, perSecond, duration] = process.argv;
const request = parse(readFileSync(file!))[0]!;
const interval = 1e9 / Number(perSecond);
const total = WARM_UP + Number(perSecond) * Number(duration);

const now = (): number => Number(process.hrtime.bigint());

interface Line {
  readonly socket: Socket;
  readonly answer: Answer;
  due: number;
  /** -1 while idle. */
  request: number;
}

const latencies = new Float64Array(total);
const idle: Line[] = [];
/** Requests that are due while every connection waits for an answer. */
const waiting: number[] = [];
let done = 0;
let late = 0;
let failures = 0;

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(
      {
        port: Number(port),
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(16_384),
          callback(length, buffer) {
            received(line, (buffer as Buffer).subarray(0, length));
            return true;
          },
        },
      },
      resolve,
    );
    const line: Line = { socket, answer: new Answer(), due: 0, request: -1 };
    socket.on('error', () => {});
    socket.on('close', () => fail('a connection was closed'));
    idle.push(line);
  });
}

function received(line: Line, chunk: Buffer): void {
  const at = now();
  if (!line.answer.feed(chunk)) return;
  if (!line.answer.success || line.request === -1) failures += 1;
  latencies[line.request] = (at - line.due) / 1000;
  line.request = -1;
  idle.push(line);
  done += 1;
  const next = waiting.shift();
  if (next !== undefined) send(next);
  if (done === WARM_UP) console.log('start');
  if (done === total) report();
}

function send(index: number): void {
  const due = first + index * interval;
  // The connection that has rested longest: each gets its turn.
  const line = idle.shift();
  if (line === undefined) {
    waiting.push(index);
    return;
  }
  line.answer.reset();
  line.due = due;
  line.request = index;
  let at = now();
  while (at < due) at = now();
  if (index >= WARM_UP && at - due > LATE) late += 1;
  line.socket.write(request);
}

function report(): void {
  const sorted = latencies.subarray(WARM_UP).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const figures = { p50: at(0.5), p99: at(0.99), p999: at(0.999), late };
  console.log(
    JSON.stringify({
      operations: sorted.length,
      seconds: sorted.length / Number(perSecond),
      failures,
      ...figures,
    }),
  );
  process.stdin.resume().on('end', () => process.exit(0));
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** A thread that sleeps to the microsecond, as no timer of Node does. */
const pacer = `
  const { parentPort, workerData: { first, interval, total, lead } } = require('node:worker_threads');
  const bed = new Int32Array(new SharedArrayBuffer(4));
  for (let index = 0; index < total; index += 1) {
    const due = first + index * interval;
    const rest = due - lead - Number(process.hrtime.bigint());
    if (rest > 0) Atomics.wait(bed, 0, 0, rest / 1e6);
    parentPort.postMessage(index);
  }`;

await Promise.all(Array.from({ length: CONNECTIONS }, open));
const first = now() + 100e6;
const worker = new Worker(pacer, { eval: true, workerData: { first, interval, total, lead: LEAD } });
worker.on('message', send);
