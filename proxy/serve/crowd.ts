/** Connections beyond the limit: few, short, and good for one answer each, so that a probe of health finds a way in. */
import type { Socket } from 'node:net';

/** How many are held beyond the limit. */
export const CROWD = 64;
/** Milliseconds in which one has to send its request. */
export const CROWD_PATIENCE = 1000;

/** The newest have a place: who comes to ask asks at once, who comes to sit there gives way. */
export class Crowd {
  private readonly sockets = new Set<Socket>();
  private readonly turnAway: (socket: Socket) => void;

  /** `turnAway` ends a connection whose place is needed. */
  constructor(turnAway: (socket: Socket) => void) {
    this.turnAway = turnAway;
  }

  add(socket: Socket): void {
    if (this.sockets.size >= CROWD) {
      for (const oldest of this.sockets) {
        this.sockets.delete(oldest);
        this.turnAway(oldest);
        break;
      }
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
