/** One connection to the server, that tells when it is lost and can always be got rid of. */
import type { Socket } from 'node:net';
import type pg from 'pg';

/** Milliseconds a goodbye may take before the socket is cut. */
const GOODBYE = 1_000;

export class Link {
  readonly client: pg.Client;
  /** Milliseconds on the pool's clock; set by the pool. */
  idleSince = 0;
  expiresAt = Number.POSITIVE_INFINITY;
  /** Called once when the connection ends without anybody having asked for it. */
  onLost: (() => void) | undefined;
  private readonly socket: Socket;
  private ended = false;

  constructor(client: pg.Client, socket: Socket) {
    this.client = client;
    this.socket = socket;
    // An error without a listener would end the process, and may come long after the last query.
    client.on('error', () => this.lost());
    client.on('end', () => this.lost());
  }

  get usable(): boolean {
    return !this.ended;
  }

  /** Resolves when the connection is closed, for the server too if it listens; at most a second later. */
  async end(): Promise<void> {
    this.ended = true;
    if (this.socket.destroyed) return;
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    const timer = setTimeout(() => this.socket.destroy(), GOODBYE);
    this.client.end().catch(() => this.socket.destroy());
    await closed;
    clearTimeout(timer);
  }

  /** Closes the socket at once; for a connection that never came to be. */
  cut(): void {
    this.ended = true;
    this.socket.destroy();
  }

  private lost(): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.destroy();
    this.onLost?.();
  }
}
