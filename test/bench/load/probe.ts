/** Asks a server for what the load will ask for, to see that it is forwarded and not refused. */
import { connect } from 'node:net';
import { Answer } from './answer.ts';
import { raw } from './requests.ts';

/** Milliseconds. */
const PATIENCE = 2000;

/** Empty when the app's answer comes through; otherwise what came instead. */
export function answers(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(raw({ headers: ['Connection: close'] })));
    const answer = new Answer(true);
    const finish = (told: string) => {
      socket.destroy();
      resolve(told);
    };
    socket.setTimeout(PATIENCE, () => finish('no answer'));
    socket.on('data', (chunk: Buffer) => {
      if (!answer.feed(chunk)) return;
      finish(answer.success && answer.text.includes('{"data":"') ? '' : answer.text.slice(0, 300));
    });
    socket.on('error', () => finish('no answer'));
    socket.on('close', () => finish(answer.text.slice(0, 300) || 'no answer'));
  });
}
