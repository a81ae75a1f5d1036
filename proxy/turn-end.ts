/**
 * What a turn of the event loop writes goes out together at its end. A write wakes whoever waits for it; written one
 * after the other, the first of a burst wakes the peer and the rest find it awake.
 */
import type { Socket } from 'node:net';

/** More wait for nobody: the first of them would be late. */
const MOST = 64;

let held: Socket[] = [];
let spare: Socket[] = [];

/** What is written to the socket from now on leaves when this turn ends, at once when it ends the socket. */
export function holdUntilTurnEnd(socket: Socket): void {
  if (held.length === 0) setImmediate(release);
  else if (held.length === MOST) release();
  socket.cork();
  held.push(socket);
}

function release(): void {
  const sockets = held;
  held = spare;
  for (const socket of sockets) socket.uncork();
  sockets.length = 0;
  spare = sockets;
}
