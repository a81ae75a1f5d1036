import { describe, expect, it } from 'vitest';
import { HeaderBlock } from '../../../proxy/header-block.ts';
import { View } from '../../../proxy/header-view.ts';

describe('what is derived from a head', () => {
  it('is worked out once a block, whoever asks, and never taken from another block or question', () => {
    let asked = 0;
    const origin = new View((headers) => {
      asked++;
      return headers.get('origin');
    });
    const size = new View((headers) => headers.list.length);
    const one = new HeaderBlock(['Origin', 'https://a.test']);
    const other = new HeaderBlock(['Origin', 'https://b.test', 'X', 'y']);
    for (let i = 0; i < 3; i++) {
      expect([origin.of(one), origin.of(other), size.of(one), size.of(other)]).toEqual([
        'https://a.test',
        'https://b.test',
        2,
        4,
      ]);
    }
    expect(asked).toBe(2);
  });

  it('is remembered when it is nothing', () => {
    let asked = 0;
    const never = new View(() => {
      asked++;
      return undefined;
    });
    const block = new HeaderBlock();
    expect([never.of(block), never.of(block)]).toEqual([undefined, undefined]);
    expect(asked).toBe(1);
  });
});
