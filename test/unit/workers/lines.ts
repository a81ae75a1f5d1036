/** Two ends of a line in one process, whose messages are copied as between two. */
import { Line } from '../../../workers/line.ts';

export interface Ends {
  readonly worker: Line;
  readonly primary: Line;
  /** Messages that went each way. */
  readonly sent: { worker: number; primary: number };
}

export function ends(): Ends {
  const sent = { worker: 0, primary: 0 };
  let toPrimary: (message: unknown) => void = () => undefined;
  let toWorker: (message: unknown) => void = () => undefined;
  const worker = new Line({
    send(message) {
      sent.worker++;
      const copy: unknown = structuredClone(message);
      setImmediate(() => toPrimary(copy));
    },
    onMessage: (take) => {
      toWorker = take;
    },
  });
  const primary = new Line({
    send(message) {
      sent.primary++;
      const copy: unknown = structuredClone(message);
      setImmediate(() => toWorker(copy));
    },
    onMessage: (take) => {
      toPrimary = take;
    },
  });
  return { worker, primary, sent };
}
