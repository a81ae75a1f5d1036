import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, LineSplitter } from '../../../exec/lines.ts';

function split(chunks: readonly string[]): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}
const texts = (chunks: readonly string[]): string[] => split(chunks).map(({ text }) => text);

describe('a stream of output', () => {
  it.each([
    ['line feeds', ['a\nb\n'], ['a', 'b']],
    ['CR and line feed', ['a\r\nb\r\n'], ['a', 'b']],
    ['CR and line feed in two chunks', ['a\r', '\nb'], ['a', 'b']],
    ['a last line without its end', ['a\nb'], ['a', 'b']],
    ['empty lines', ['\n\na\n\n'], ['', '', 'a', '']],
    ['nothing at all', [''], []],
    ['a CR within a line', ['10%\r20%\n'], ['10%\r20%']],
    ['many chunks a line', ['a', 'b', '', 'c\n', 'd'], ['abc', 'd']],
  ])('is cut at %s', (_what, chunks, lines) => {
    expect(texts(chunks)).toEqual(lines);
  });

  it('gives the same lines wherever its chunks end', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\r\n', '\r', ' '), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(60)), (parts, cuts) => {
        const whole = parts.join('');
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, i) => whole.slice(at[i], end));
        expect(texts(chunks)).toEqual(texts([whole]));
      }),
    );
  });

  it('keeps the beginning of a line that is too long, says so, and goes on with the next', () => {
    const long = 'x'.repeat(1024 * 1024);
    const chunks = [long.slice(0, 70_000), long.slice(70_000), '\nnext\n'];
    const lines = split(chunks);
    expect(lines.map(({ cut, text }) => [cut, text.length])).toEqual([
      [true, 65_536],
      [false, 4],
    ]);
    const whole = split([`${'y'.repeat(65_536)}\n`]);
    expect(whole).toEqual([{ text: 'y'.repeat(65_536), cut: false }]);
  });
});
