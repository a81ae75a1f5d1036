/** TLS handshakes under way: so many at most, and the newest have a place, so that those that stand still keep nobody out. */
import type { Socket } from 'node:net';

/** More at once than a machine gets through before its clients give up. */
const MOST = 1000;

export class Handshakes {
  /** How many are held. */
  readonly most: number;
  /** By the client's address and port: the socket that TLS hands over is not the one that it was given. */
  private readonly sockets = new Map<string, Socket>();

  constructor(most: number) {
    this.most = Math.min(MOST, most);
  }

  /** A connection that was accepted; the oldest handshake makes room for it. */
  begin(socket: Socket): void {
    if (socket.remotePort === undefined) return;
    const key = nameOf(socket);
    if (this.sockets.size >= this.most) {
      for (const [oldest, slow] of this.sockets) {
        this.sockets.delete(oldest);
        slow.destroy();
        break;
      }
    }
    this.sockets.set(key, socket);
    socket.once('close', () => {
      if (this.sockets.get(key) === socket) this.sockets.delete(key);
    });
  }

  /** It is through. */
  end(socket: Socket): void {
    this.sockets.delete(nameOf(socket));
  }

  destroy(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }
}

const nameOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
