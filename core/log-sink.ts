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

interface Waiting {
  readonly level: Level;
  readonly line: string;
  readonly bytes: number;
}

export class FdSink implements Sink {
  readonly dropped = { debug: 0, info: 0, warn: 0, error: 0 };
  private readonly fd: number;
  private readonly ownsFd: boolean;
  private readonly bound: number;
  private readonly hardBound: number;
  private queue: Waiting[] = [];
  private queuedBytes = 0;
  /** Lines of the batch that is being written, and its bytes not yet taken. */
  private batch: Waiting[] = [];
  private rest: Buffer | undefined;
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
    if (this.broken) {
      this.dropped[level]++;
      return;
    }
    const bytes = Buffer.byteLength(line);
    const expendable = level === 'debug' || level === 'info';
    if (this.waiting + bytes > (expendable ? this.bound : this.hardBound)) {
      this.dropped[level]++;
      return;
    }
    this.queue.push({ level, line, bytes });
    this.queuedBytes += bytes;
    if (this.writing) return;
    if (this.queuedBytes >= BATCH_BYTES && this.rest === undefined) this.pump();
    else this.schedule(BATCH_MS);
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

  private get waiting(): number {
    return this.queuedBytes + (this.rest?.length ?? 0);
  }

  private schedule(delay: number): void {
    this.timer ??= setTimeout(() => this.pump(), delay);
  }

  private pump(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing || this.broken) return;
    this.rest ??= this.nextBatch();
    if (this.rest === undefined) return;
    this.writing = true;
    write(this.fd, this.rest, (error, count) => {
      this.writing = false;
      if (this.broken) return;
      if (error === null) this.wrote(count);
      else this.failed(error);
    });
  }

  private nextBatch(): Buffer | undefined {
    if (this.queue.length === 0) return undefined;
    let size = 0;
    let count = 0;
    let text = '';
    while (count < this.queue.length && (count === 0 || size < BATCH_BYTES)) {
      const { line, bytes } = this.queue[count] as Waiting;
      text += line;
      size += bytes;
      count++;
    }
    this.batch = count === this.queue.length ? this.queue : this.queue.slice(0, count);
    this.queue = count === this.queue.length ? [] : this.queue.slice(count);
    this.queuedBytes -= size;
    return Buffer.from(text);
  }

  private wrote(count: number): void {
    const rest = this.rest as Buffer;
    this.backOff = BACK_OFF_MIN_MS;
    this.rest = count < rest.length ? rest.subarray(count) : undefined;
    if (this.waiting === 0) this.settle();
    else if (this.rest !== undefined || this.queuedBytes >= BATCH_BYTES || this.idle.length > 0) this.pump();
    else this.schedule(BATCH_MS);
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
        this.count(this.batch);
        this.batch = [];
        this.rest = undefined;
        if (this.queue.length > 0) this.schedule(BACK_OFF_MAX_MS);
        else this.settle();
    }
  }

  private giveUp(): void {
    this.broken = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.rest !== undefined) this.count(this.batch);
    this.count(this.queue);
    this.queue = [];
    this.batch = [];
    this.queuedBytes = 0;
    this.rest = undefined;
    this.settle();
  }

  private count(lost: readonly Waiting[]): void {
    for (const line of lost) this.dropped[line.level]++;
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
