/** Where log lines leave the process: batched, bounded and never in the way of a request. */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Takes whole lines, each with its line feed. */
export interface Sink {
  write(level: Level, line: string): void;
  /** Resolves when what waits has left, or after the given milliseconds (2000 by default). */
  flush(timeout?: number): Promise<void>;
  /** Lines lost since the start, by level. */
  readonly dropped: Readonly<Record<Level, number>>;
}

export interface FdSinkOptions {
  /** 1 by default. */
  readonly fd?: number;
  /** Bytes that may wait before debug and info lines are dropped; 4 MB by default. */
  readonly bound?: number;
  /** Bytes that may wait before warn and error lines are dropped too; twice `bound` by default. */
  readonly hardBound?: number;
}

const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 50;
const BACK_OFF_MIN_MS = 5;
const BACK_OFF_MAX_MS = 500;

type Counts = Record<Level, number>;

const none = (): Counts => ({ debug: 0, info: 0, warn: 0, error: 0 });

/** Lines that leave together. */
class Batch {
  readonly bytes: Buffer;
  used = 0;
  lines = none();

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** False when it has no room for the line. */
  add(level: Level, line: string): boolean {
    const free = this.bytes.length - this.used;
    // A UTF-16 unit takes three bytes at most: lines are counted only where it is close.
    if (line.length * 3 > free && Buffer.byteLength(line) > free) return false;
    this.used += this.bytes.write(line, this.used);
    this.lines[level]++;
    return true;
  }

  clear(): this {
    this.used = 0;
    this.lines = none();
    return this;
  }
}

export class FdSink implements Sink {
  readonly dropped = none();
  private readonly fd: number;
  private readonly ownsFd: boolean;
  private readonly bound: number;
  private readonly hardBound: number;
  /** Takes lines. */
  private open: Batch | undefined = undefined;
  /** Full ones, oldest first. */
  private queue: Batch[] = [];
  private queuedBytes = 0;
  /** The one that is being written, and how much of it was taken. */
  private batch: Batch | undefined = undefined;
  private taken = 0;
  /** One that was written, to be filled again. */
  private spare: Batch | undefined = undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing = false;
  private backOff = BACK_OFF_MIN_MS;
  /** The reader is gone for good: everything from here on is dropped. */
  private broken = false;
  private idle: (() => void)[] = [];

  constructor(options: FdSinkOptions = {}) {
    const fd = options.fd ?? 1;
    this.fd = nonBlocking(fd);
    this.ownsFd = this.fd !== fd;
    this.bound = options.bound ?? 4 * 1024 * 1024;
    this.hardBound = options.hardBound ?? 2 * this.bound;
  }

  write(level: Level, line: string): void {
    if (this.broken || !this.fits(level, line)) {
      this.dropped[level]++;
      return;
    }
    this.put(level, line);
    if (this.writing) return;
    if (this.queuedBytes + this.filled >= BATCH_BYTES && this.batch === undefined) this.pump();
    else this.schedule(BATCH_MS);
  }

  private fits(level: Level, line: string): boolean {
    const bound = level === 'debug' || level === 'info' ? this.bound : this.hardBound;
    const { waiting } = this;
    return waiting + line.length * 3 <= bound || waiting + Buffer.byteLength(line) <= bound;
  }

  private put(level: Level, line: string): void {
    if (this.open?.add(level, line) === true) return;
    this.shut();
    const bytes = Buffer.byteLength(line);
    this.open = bytes > BATCH_BYTES ? new Batch(bytes) : (this.spare?.clear() ?? new Batch(BATCH_BYTES));
    if (bytes <= BATCH_BYTES) this.spare = undefined;
    this.open.add(level, line);
  }

  /** What was collected waits to be written. */
  private shut(): void {
    if (this.open === undefined) return;
    this.queue.push(this.open);
    this.queuedBytes += this.open.used;
    this.open = undefined;
  }

  flush(timeout = 2000): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const giveUp = setTimeout(resolve, timeout);
      this.idle.push(() => {
        clearTimeout(giveUp);
        resolve();
      });
      if (!this.writing) this.pump();
    });
  }

  /** Lets go of the descriptor; what still waits is dropped and counted. Flush first. */
  close(): void {
    this.giveUp();
    if (this.ownsFd && !this.writing) closeSync(this.fd);
  }

  private get filled(): number {
    return this.open?.used ?? 0;
  }

  private get waiting(): number {
    return this.queuedBytes + this.filled + (this.batch === undefined ? 0 : this.batch.used - this.taken);
  }

  private schedule(delay: number): void {
    this.timer ??= setTimeout(() => this.pump(), delay);
  }

  private pump(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing || this.broken) return;
    this.batch ??= this.nextBatch();
    if (this.batch === undefined) return;
    this.writing = true;
    const { bytes, used } = this.batch;
    write(this.fd, bytes, this.taken, used - this.taken, null, (error, count) => {
      this.writing = false;
      if (this.broken) return;
      if (error === null) this.wrote(count);
      else this.failed(error);
    });
  }

  private nextBatch(): Batch | undefined {
    if (this.queue.length === 0) this.shut();
    const batch = this.queue.shift();
    this.queuedBytes -= batch?.used ?? 0;
    this.taken = 0;
    return batch;
  }

  private wrote(count: number): void {
    const batch = this.batch as Batch;
    this.backOff = BACK_OFF_MIN_MS;
    this.taken += count;
    if (this.taken === batch.used) this.done(batch);
    if (this.waiting === 0) this.settle();
    else if (this.batch !== undefined || this.queue.length > 0 || this.idle.length > 0) this.pump();
    else this.schedule(BATCH_MS);
  }

  private done(batch: Batch): void {
    this.batch = undefined;
    if (batch.bytes.length === BATCH_BYTES) this.spare = batch;
  }

  private failed(error: NodeJS.ErrnoException): void {
    switch (error.code) {
      case 'EAGAIN':
      case 'EINTR':
        this.schedule(this.backOff);
        this.backOff = Math.min(this.backOff * 2, BACK_OFF_MAX_MS);
        return;
      case 'EPIPE':
      case 'EBADF':
      case 'ECONNRESET':
        this.giveUp();
        return;
      default:
        // A full disk may have room again later: this batch is lost, the next one is tried.
        if (this.batch !== undefined) this.lose(this.batch);
        this.batch = undefined;
        if (this.waiting > 0) this.schedule(BACK_OFF_MAX_MS);
        else this.settle();
    }
  }

  private giveUp(): void {
    this.broken = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.shut();
    if (this.batch !== undefined) this.lose(this.batch);
    for (const batch of this.queue) this.lose(batch);
    this.queue = [];
    this.queuedBytes = 0;
    this.batch = undefined;
    this.settle();
  }

  private lose({ lines }: Batch): void {
    for (const level of Object.keys(lines) as Level[]) this.dropped[level] += lines[level];
  }

  private settle(): void {
    const waiters = this.idle;
    this.idle = [];
    for (const done of waiters) done();
  }
}

/**
 * A stalled reader of a pipe would hold a pool thread, and the exit with it, in a blocking write.
 * A description of our own may be non-blocking without making the one we share so.
 */
function nonBlocking(fd: number): number {
  try {
    const kind = fstatSync(fd);
    // A socket can't be opened again: Node's own stream, which nobody writes to, makes it non-blocking.
    if (kind.isSocket() && fd === 1) process.stdout.on('error', () => undefined);
    if (!kind.isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
