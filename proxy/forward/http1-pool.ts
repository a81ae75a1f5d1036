/** Keep-alive connections to the app: at most so many, none idle for longer than the app keeps them, callers in turn. */
import { performance } from 'node:perf_hooks';
import type { Level } from '../../core/metrics.ts';
import { type ConnectionEvents, Http1Connection } from './http1-connection.ts';

export interface PoolOptions {
  readonly url: URL;
  readonly maxConnections: number;
  /** Milliseconds; 0 never reuses. */
  readonly keepalive: number;
  readonly maxHeaderSize: number;
  readonly levels: { readonly idle: Level; readonly active: Level };
}

/** Somebody who wants a connection. */
export interface Waiter {
  /** `now` in milliseconds on the monotonic clock. */
  take(connection: Http1Connection, now: number): void;
}

/** An app that announces its idle time closes at that very moment: we let go a second earlier. */
const HINT_MARGIN = 1000;

export class Http1Pool implements ConnectionEvents {
  private readonly options: PoolOptions;
  private readonly idle: Http1Connection[] = [];
  private parked: Http1Connection[] = [];
  /** Parked since before the last turn of the event loop. */
  private ripe: Http1Connection[] = [];
  private readonly waiters = new Set<Waiter>();
  private readonly sweeper: NodeJS.Timeout;
  private open = 0;
  private closing = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.sweeper = setInterval(() => this.expireIdle(), 500);
    this.sweeper.unref();
  }

  /** Hands the waiter a connection: now if one is idle or may be opened, else when one becomes free. */
  acquire(waiter: Waiter, now: number): void {
    const connection = this.pop(now);
    if (connection !== undefined) waiter.take(connection, now);
    else if (this.open < this.options.maxConnections) waiter.take(this.connect(), now);
    else this.waiters.add(waiter);
  }

  /** A connection nobody used before, for a retry; undefined when no more may be opened. */
  fresh(): Http1Connection | undefined {
    return this.open < this.options.maxConnections ? this.connect() : undefined;
  }

  /** The waiter no longer waits. */
  forget(waiter: Waiter): void {
    this.waiters.delete(waiter);
  }

  /** Closes idle connections and keeps none from now on. */
  close(): void {
    this.closing = true;
    clearInterval(this.sweeper);
    for (const connection of this.idle.splice(0)) connection.destroy();
    for (const connection of this.parked.splice(0)) connection.destroy();
    for (const connection of this.ripe.splice(0)) connection.destroy();
  }

  /**
   * Reusable one whole turn of the event loop later: bytes that an app sends unasked are then already read, and the
   * connection that carries them is dropped before a next client could get them. An immediate alone runs before the
   * next read: it takes two.
   */
  onReusable(connection: Http1Connection): void {
    if (this.closing || this.options.keepalive <= 0) {
      connection.destroy();
      return;
    }
    connection.socket.resume();
    connection.idleSince = performance.now();
    this.shift(1);
    if (this.parked.push(connection) === 1 && this.ripe.length === 0) setImmediate(this.unpark);
  }

  /** Else as many idle tunnels as connections would keep every request waiting. */
  onTunnel(): void {
    this.open--;
    this.serveWaiter();
  }

  onClosed(connection: Http1Connection): void {
    if (!connection.switched) this.open--;
    const { levels } = this.options;
    if (this.remove(connection)) levels.idle.dec();
    else levels.active.dec();
    this.serveWaiter();
  }

  private readonly unpark = (): void => {
    const ready = this.ripe;
    this.ripe = this.parked;
    this.parked = [];
    if (this.ripe.length > 0) setImmediate(this.unpark);
    for (const connection of ready) {
      if (connection.closed) {
        // Its `close` is still to come, and finds it in no list.
        this.shift(-1);
        continue;
      }
      this.idle.push(connection);
      this.serveWaiter();
    }
  };

  private serveWaiter(): void {
    if (this.waiters.size === 0) return;
    const next = this.waiters.values().next();
    if (next.done === true) return;
    const now = performance.now();
    const connection = this.pop(now) ?? this.fresh();
    if (connection === undefined) return;
    this.waiters.delete(next.value);
    next.value.take(connection, now);
  }

  private pop(now: number): Http1Connection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      this.shift(-1);
      if (this.usable(connection, now)) return connection;
      connection.destroy();
    }
    return undefined;
  }

  private connect(): Http1Connection {
    this.open++;
    this.options.levels.active.inc();
    return new Http1Connection(this.options.url, this.options.maxHeaderSize, this);
  }

  private usable(connection: Http1Connection, now: number): boolean {
    const { keepalive } = this.options;
    const hint = connection.keepAliveHint;
    const limit = hint < 0 ? keepalive : Math.min(keepalive, hint - HINT_MARGIN);
    return !connection.closed && connection.socket.writable && now - connection.idleSince < limit;
  }

  private expireIdle(): void {
    const now = performance.now();
    for (const connection of [...this.idle]) if (!this.usable(connection, now)) connection.destroy();
  }

  private remove(connection: Http1Connection): boolean {
    for (const list of [this.idle, this.parked, this.ripe]) {
      const at = list.indexOf(connection);
      if (at < 0) continue;
      list.splice(at, 1);
      return true;
    }
    return false;
  }

  /** Moves the gauges: `by` more idle, as many fewer active. */
  private shift(by: 1 | -1): void {
    const { idle, active } = this.options.levels;
    if (by === 1) {
      idle.inc();
      active.dec();
    } else {
      idle.dec();
      active.inc();
    }
  }
}
