import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { relayLines } from '../../../workers/relayed-lines.ts';
import { KeptLines } from '../core/lines.ts';

function relay(...chunks: (string | Buffer)[]): KeptLines {
  const kept = new KeptLines();
  const stream = new PassThrough();
  relayLines(stream, kept);
  for (const chunk of chunks) stream.write(chunk);
  return kept;
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the lines of a worker', () => {
  it('arrive whole, wherever they were cut, even within a character', async () => {
    const text = '{"level":"info","message":"grüße"}\n{"level":"warn","message":"two"}\n';
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at++) {
      const kept = relay(bytes.subarray(0, at), bytes.subarray(at));
      await settled();
      expect(kept.lines.join('')).toBe(text);
      expect(kept.levels).toEqual(['info', 'warn']);
    }
  });

  it('keep their level, as JSON and as text', async () => {
    const kept = relay(
      '{"level":"error","x":1}\n',
      '12:34:56.789 WARN  said lifecycle\n',
      '12:34:56.789 \x1b[31mERROR\x1b[0m no\n',
    );
    await settled();
    expect(kept.levels).toEqual(['error', 'warn', 'error']);
  });

  it('are not written before their end', async () => {
    const kept = relay('{"level":"info","mess');
    await settled();
    expect(kept.lines).toEqual([]);
  });
});
