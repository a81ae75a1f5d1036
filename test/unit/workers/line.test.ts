import { describe, expect, it } from 'vitest';
import { Line } from '../../../workers/line.ts';
import { ends } from './lines.ts';

describe('the line between primary and worker', () => {
  it('carries questions both ways at once, each to its answer', async () => {
    const { worker, primary } = ends();
    primary.on<number>('double', (n) => n * 2);
    worker.on<number>('half', (n) => Promise.resolve(n / 2));
    const all = Array.from({ length: 50 }, (_, i) => [worker.ask('double', i), primary.ask('half', i)]);
    expect(await Promise.all(all.flat())).toEqual(all.flatMap((_, i) => [i * 2, i / 2]));
  });

  it('hands an error over by its name and message', async () => {
    const { worker, primary } = ends();
    primary.on('fail', () => {
      throw new RangeError('too far');
    });
    await expect(worker.ask('fail')).rejects.toMatchObject({ name: 'RangeError', message: 'too far' });
    await expect(worker.ask('nothing')).rejects.toThrow('nobody answers to nothing');
  });

  it('gives up a question that nobody answers, and all of them when it is cut', async () => {
    const { worker, primary } = ends();
    primary.on('never', () => new Promise(() => undefined));
    await expect(worker.ask('never', undefined, 20)).rejects.toThrow('in time');
    const waiting = worker.ask('never');
    worker.close();
    await expect(waiting).rejects.toThrow('cut');
    await expect(worker.ask('never')).rejects.toThrow('cut');
  });

  it('takes no notice of what others send over the same channel, nor of an answer to nothing', () => {
    let take: (message: unknown) => void = () => undefined;
    const line = new Line({
      send: () => undefined,
      onMessage: (given) => {
        take = given;
      },
    });
    for (const message of [null, 7, 'text', {}, { cmd: 'NODE_x' }, { rail: 'answer', id: 99, data: 1 }])
      expect(() => take(message)).not.toThrow();
    line.close();
  });
});
