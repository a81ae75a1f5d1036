import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FdSink } from '../../../core/log-sink.ts';

let folder: string;
let open: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-sink-'));
});

afterEach(() => {
  for (const fd of open) closeSync(fd);
  open = [];
  rmSync(folder, { recursive: true });
});

/** Both ends of a real pipe; the writer's end blocks, as a stdout does. */
function pipe(): { reader: number; writer: number } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  open.push(reader, writer);
  return { reader, writer };
}

function drain(reader: number): string {
  const chunk = Buffer.alloc(1 << 20);
  let text = '';
  for (;;) {
    try {
      const count = readSync(reader, chunk);
      if (count === 0) return text;
      text += chunk.toString('latin1', 0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
      throw error;
    }
  }
}

function shut(fd: number): void {
  closeSync(fd);
  open = open.filter((one) => one !== fd);
}

async function drainUntil(reader: number, done: (text: string) => boolean): Promise<string> {
  let text = '';
  while (!done(text)) {
    text += drain(reader);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return text;
}

describe('the log sink', () => {
  it('writes every line, in order, to a file', async () => {
    const path = join(folder, 'log');
    const fd = openSync(path, 'w');
    open.push(fd);
    const sink = new FdSink({ fd });
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"line":${i}}\n`);
    for (const line of lines) sink.write('info', line);
    await sink.flush();
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
    expect(sink.dropped).toEqual({ debug: 0, info: 0, warn: 0, error: 0 });
  });

  it('sends what waits without being asked', async () => {
    const { reader, writer } = pipe();
    const sink = new FdSink({ fd: writer });
    sink.write('info', 'one\n');
    sink.write('info', 'two\n');
    expect(await drainUntil(reader, (text) => text.length === 8)).toBe('one\ntwo\n');
    sink.close();
  });

  it('holds lines for a reader that stalls, and loses none when it comes back', async () => {
    const { reader, writer } = pipe();
    const sink = new FdSink({ fd: writer });
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 1000; i++) sink.write('info', line);
    await sink.flush(200);
    const flushed = sink.flush(10_000);
    const text = await drainUntil(reader, (got) => got.length >= 1_000_000);
    await flushed;
    expect(text).toBe(line.repeat(1000));
    expect(sink.dropped.info).toBe(0);
    sink.close();
  });

  it('drops debug and info first when full, then the rest at a second bound, and counts by level', async () => {
    const { writer } = pipe();
    const sink = new FdSink({ fd: writer, bound: 100_000 });
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 300; i++) sink.write(i % 2 === 0 ? 'info' : 'debug', line);
    expect(sink.dropped.info + sink.dropped.debug).toBeGreaterThan(100);
    for (let i = 0; i < 50; i++) sink.write('warn', line);
    expect(sink.dropped.warn).toBe(0);
    for (let i = 0; i < 300; i++) sink.write('error', line);
    expect(sink.dropped.error).toBeGreaterThan(100);
    await sink.flush(50);
    sink.close();
  });

  it('waits no longer than it is told for a reader that never comes', async () => {
    const { writer } = pipe();
    const sink = new FdSink({ fd: writer });
    for (let i = 0; i < 200; i++) sink.write('info', `${'x'.repeat(999)}\n`);
    await sink.flush(100);
    sink.close();
    expect(sink.dropped.info).toBeGreaterThan(0);
  });

  it('does not hold up the exit of a process whose output nobody reads', async () => {
    const script = join(folder, 'exit.ts');
    writeFileSync(
      script,
      `import { FdSink } from ${JSON.stringify(resolve(import.meta.dirname, '../../../core/log-sink.ts'))};
       const sink = new FdSink();
       for (let i = 0; i < 1000; i++) sink.write('info', 'x'.repeat(999) + '\\n');
       await sink.flush(50);
       process.exit(7);`,
    );
    const { writer } = pipe();
    const child = spawn(process.execPath, [script], { stdio: ['ignore', writer, 'ignore'] });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(7);
  });

  it('survives a reader that goes away, and counts what is lost', async () => {
    const { reader, writer } = pipe();
    const sink = new FdSink({ fd: writer });
    sink.write('info', 'seen\n');
    await sink.flush();
    expect(drain(reader)).toBe('seen\n');
    shut(reader);
    sink.write('info', 'lost\n');
    sink.write('error', 'lost\n');
    await sink.flush();
    sink.write('warn', 'lost\n');
    expect(sink.dropped).toEqual({ debug: 0, info: 1, warn: 1, error: 1 });
    sink.close();
  });

  it('goes on after a disk that is full', async () => {
    const fd = openSync('/dev/full', 'w');
    open.push(fd);
    const sink = new FdSink({ fd });
    sink.write('info', 'lost\n');
    await sink.flush();
    expect(sink.dropped.info).toBe(1);
    sink.write('warn', 'lost\n');
    await sink.flush();
    expect(sink.dropped.warn).toBe(1);
  });
});
