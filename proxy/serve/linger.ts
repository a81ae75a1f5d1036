/** Closes a connection whose client is still sending: our answer first, then a moment of listening, so that no reset eats it. */
import type { Socket } from 'node:net';

/** Milliseconds the client has to notice (RFC 9112 §9.6). */
const LINGER = 1000;
/** Bytes discarded while lingering, at most. */
const LINGER_BYTES = 4 * 1024 * 1024;

/** Sends FIN, discards what still comes, and destroys the socket when the client closes or the time is up. */
export function lingeringClose(socket: Socket): void {
  if (socket.destroyed) return;
  const start = socket.bytesRead;
  const destroy = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(destroy, LINGER);
  timer.unref();
  socket.on('data', () => {
    if (socket.bytesRead - start > LINGER_BYTES) destroy();
  });
  socket.once('end', destroy);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
}
