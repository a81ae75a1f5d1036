/** Where log lines go when nobody takes them: traffic must not notice, and the loss is counted and said. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { freePorts, listening, until } from '../harness/ports.ts';

const ENTRY = process.env.RAILGUARD_ENTRY ?? path.resolve(import.meta.dirname, '../../dist/main.js');
/** An acceptance run stalls for PIPE_SECONDS=30. */
const STALL = Number(process.env.PIPE_SECONDS ?? 2) * 1000;
/** Makes a line of some 16 KB, so that the buffer of 4 MB is full after a few hundred. */
const LONG = `/${'a'.repeat(7800)}`;

let app: http.Server;
let appUrl: string;
let folder: string;
let child: ChildProcess | undefined;
let port: number;
let adminPort: number;

beforeAll(async () => {
  app = http.createServer((request, response) => {
    response.statusCode = Number(request.headers['x-status'] ?? 200);
    response.end('fine');
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
});
afterAll(async () => {
  app.closeAllConnections();
  await new Promise((resolve) => app.close(resolve));
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'log-output-'));
  [port, adminPort] = (await freePorts(2)) as [number, number];
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(folder, { recursive: true });
});

async function start(stdout: number | 'pipe', more: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    UPSTREAM_URL: appUrl,
    ENABLE_RATE_LIMITING: 'false',
    JSON_LOGS: 'true',
    LOG_MAX_PER_SECOND: '0',
    OPENAPI: 'off',
    ...more,
  };
  child = spawn(process.execPath, [ENTRY, 'serve'], {
    env,
    cwd: folder,
    stdio: ['ignore', stdout, 'inherit'],
  });
  await until(
    'railguard listens',
    15_000,
    async () => (await listening(port)) && (await listening(adminPort)),
  );
  return child;
}

/** Both kinds of stdout: a FIFO, as container runtimes give, and a socket, as Node and systemd do. */
async function startOn(kind: 'FIFO' | 'socket'): Promise<{ child: ChildProcess; output: Readable }> {
  if (kind === 'socket') {
    const started = await start('pipe');
    const output = started.stdout as Readable;
    output.pause();
    return { child: started, output };
  }
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  const started = await start(writer);
  closeSync(writer);
  // A blocking description of its own, so that a stream can read it.
  const again = openSync(`/proc/self/fd/${reader}`, constants.O_RDONLY);
  closeSync(reader);
  return { child: started, output: createReadStream('', { fd: again }) };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
afterAll(() => agent.destroy());

/** Milliseconds of the slowest of `count` requests, eight at a time. */
async function traffic(count: number, target = '/'): Promise<number> {
  let slowest = 0;
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const before = performance.now();
      const { status } = await call({ port, path: target, agent });
      if (status !== 200) throw new Error(`status ${status}`);
      slowest = Math.max(slowest, performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return slowest;
}

async function dropped(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return Number(/^railguard_log_dropped_total (\d+)/m.exec(text)?.[1]);
}

/** Every line from here to the end of the output. */
async function rest(output: Readable): Promise<Record<string, unknown>[]> {
  let text = '';
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    text += chunk;
  });
  output.resume();
  await once(output, 'close');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe.each(['FIFO', 'socket'] as const)('an output that is a %s', (kind) => {
  it('and is full for a while costs traffic nothing; what is lost is counted and said', async () => {
    const { child, output } = await startOn(kind);
    await traffic(1200, LONG);
    const full = await dropped();
    expect(full).toBeGreaterThan(0);
    const end = performance.now() + STALL;
    let slowest = 0;
    while (performance.now() < end) slowest = Math.max(slowest, await traffic(100));
    const reading = rest(output);
    // The longest pause between two attempts is half a second.
    await sleep(1500);
    await traffic(10, '/after');
    const lost = await dropped();
    child.kill('SIGTERM');
    const lines = await reading;
    expect(lines.filter((line) => line.path === '/after')).toHaveLength(10);
    const said = lines.reduce((sum, line) => sum + (Number(line.dropped) || 0), 0);
    expect(said).toBe(lost);
    if (process.env.PIPE_SECONDS !== undefined)
      console.log({ kind, full, lost, said, slowest: `${slowest.toFixed(0)} ms` });
  });

  it('and is full at the end does not hold up the exit', async () => {
    const { child, output } = await startOn(kind);
    await traffic(1200, LONG);
    const before = performance.now();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(performance.now() - before).toBeLessThan(8000);
    output.destroy();
  });

  it('and is closed costs traffic nothing; what is lost is counted', async () => {
    const { child, output } = await startOn(kind);
    output.destroy();
    await traffic(300);
    await sleep(200);
    await traffic(300);
    expect(await dropped()).toBeGreaterThan(300);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});

describe('more lines than LOG_MAX_PER_SECOND', () => {
  it('lose successful requests, counted to the last; what failed is all there', async () => {
    const started = await start('pipe', { LOG_MAX_PER_SECOND: '50' });
    const reading = rest(started.stdout as Readable);
    await traffic(1500);
    const refused = await Promise.all(
      Array.from({ length: 20 }, () => call({ port, path: '/', headers: { 'x-status': '503' } })),
    );
    expect(refused.map(({ status }) => status)).toEqual(new Array(20).fill(503));
    const lost = await dropped();
    started.kill('SIGTERM');
    const lines = await reading;
    const written = lines.filter(({ event_type }) => event_type === 'request_performance');
    const failed = written.filter(({ status_code }) => status_code === 503);
    expect(failed).toHaveLength(20);
    expect(written.length - failed.length + lost).toBe(1500);
    expect(lost).toBeGreaterThan(200);
    const times = written.filter(({ level }) => level === 'info').map(({ time }) => Date.parse(String(time)));
    for (const [i, from] of times.entries())
      expect(times.slice(i).filter((at) => at < from + 990).length).toBeLessThanOrEqual(50);
    expect(lines.reduce((sum, line) => sum + (Number(line.dropped) || 0), 0)).toBe(lost);
  });
});
