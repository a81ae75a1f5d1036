/** What one side says on a socket, step by step, and how both raw ends of the rig carry it out. */
import type { Socket } from 'node:net';

/** A string is latin1: one char is one byte. */
export type Step =
  | string
  | Buffer
  | { wait: number }
  | { until: string | (() => boolean); within?: number }
  | End;
type End = { end: 'fin' | 'rst' };

export const FIN: End = { end: 'fin' };
export const RST: End = { end: 'rst' };
export const wait = (ms: number): Step => ({ wait: ms });
/** Goes on once the other side's bytes contain the text (or the condition holds), or after `within` milliseconds. */
export const until = (text: string | (() => boolean), within = 2000): Step => ({ until: text, within });

export const toBytes = (data: string | Buffer): Buffer =>
  typeof data === 'string' ? Buffer.from(data, 'latin1') : data;

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Polls until the condition holds; false when `within` milliseconds pass first. */
export async function holds(condition: () => boolean, within: number): Promise<boolean> {
  const end = performance.now() + within;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(5);
  }
  return true;
}

/** Runs the steps on the socket; stops when the socket is gone. `heard` gives what the other side sent. */
export async function speak(
  socket: Socket,
  steps: readonly Step[],
  heard: () => string,
  gone = () => socket.destroyed,
): Promise<void> {
  for (const step of steps) {
    if (gone()) return;
    if (typeof step === 'string' || Buffer.isBuffer(step)) {
      if (!socket.writableEnded) socket.write(toBytes(step));
    } else if ('wait' in step) await sleep(step.wait);
    else if ('until' in step) {
      const { until: wanted } = step;
      const reached = typeof wanted === 'string' ? () => heard().includes(wanted) : wanted;
      await holds(() => gone() || reached(), step.within ?? 2000);
    } else if (step.end === 'fin') socket.end();
    else socket.resetAndDestroy();
  }
}
