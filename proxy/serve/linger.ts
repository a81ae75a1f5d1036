/** Closes a connection whose client is still sending: our answer first, then a moment of listening, so that no reset eats it. */
import type { Socket } from 'node:net';

/** Milliseconds the client has to notice, once it was sent everything (RFC 9112 §9.6). */
const LINGER = 1000;
/** Bytes discarded while lingering, at most. */
const LINGER_BYTES = 4 * 1024 * 1024;

/**
 * Sends what waits and FIN, discards what still comes, and destroys the socket when the client closes or the time is
 * up: `writeTimeout` ms in which it takes no byte, then LINGER.
 */
export function lingeringClose(socket: Socket, writeTimeout: number): void {
  if (socket.destroyed) return;
  const start = socket.bytesRead;
  let timer: NodeJS.Timeout | undefined;
  const destroy = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const linger = (): void => {
    if (socket.destroyed) return;
    timer = setTimeout(destroy, LINGER);
    timer.unref();
  };
  socket.setTimeout(writeTimeout, destroy);
  socket.on('data', () => {
    if (socket.bytesRead - start > LINGER_BYTES) destroy();
  });
  socket.once('end', destroy);
  socket.once('close', () => clearTimeout(timer));
  socket.end(linger);
  socket.resume();
}
