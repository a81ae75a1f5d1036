/**
 * What a turn of the event loop writes goes out together at its end. A write wakes whoever waits for it; written one
 * after the other, the first of a burst wakes the peer and the rest find it awake.
 */
import type { Socket } from 'node:net';

/** More wait for nobody: the first of them would be late. */
const MOST = 64;

/** What a turn wrote, and will write when it ends. */
class TurnEnd {
  private held: Socket[] = [];
  private texts: string[] = [];
  private addressees: Socket[] = [];
  private jobs: (() => void)[] = [];
  private asked = false;

  hold(socket: Socket): void {
    this.count();
    socket.cork();
    this.held.push(socket);
  }

  write(socket: Socket, text: string): void {
    this.count();
    this.addressees.push(socket);
    this.texts.push(text);
  }

  do(job: () => void): void {
    this.count();
    this.jobs.push(job);
  }

  private count(): void {
    if (this.held.length + this.texts.length + this.jobs.length >= MOST) this.end();
    if (this.asked) return;
    this.asked = true;
    setImmediate(() => {
      this.asked = false;
      this.end();
    });
  }

  end(): void {
    const { held, texts, addressees, jobs } = this;
    for (let i = 0; i < texts.length; i++) {
      const socket = addressees[i] as Socket;
      if (!socket.destroyed) socket.write(texts[i] as string, 'latin1');
    }
    for (let i = 0; i < held.length; i++) (held[i] as Socket).uncork();
    texts.length = 0;
    addressees.length = 0;
    held.length = 0;
    if (jobs.length === 0) return;
    this.jobs = [];
    for (const job of jobs) {
      try {
        job();
      } catch (error) {
        // A bug, and told as one; the others' writes are none of its business.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

const turn = new TurnEnd();

/** What is written to the socket from now on leaves when this turn ends, or when the socket is ended. */
export const holdUntilTurnEnd = (socket: Socket): void => turn.hold(socket);

/** Writes when this turn ends, in a way that no cork holds back. */
export const atTurnEnd = (write: () => void): void => turn.do(write);

/** Sends at once what this turn holds: for who is about to cut connections. */
export const endTurn = (): void => turn.end();

/** Writes latin1 text when this turn ends, to a socket that nobody else writes to or ends until then. */
export const writeAtTurnEnd = (socket: Socket, text: string): void => turn.write(socket, text);
