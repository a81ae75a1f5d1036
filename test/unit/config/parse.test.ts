/** Texts an operator writes for amounts and words, and what they become. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatSize,
  parseBool,
  parseDuration,
  parseInteger,
  parseList,
  parseSize,
  quote,
} from '../../../config/parse.ts';

describe('duration', () => {
  it.each([
    ['30', 30_000],
    ['0', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['1.1s', 1100],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['10d', 864_000_000],
    ['2y', 63_072_000_000],
    ['5 M', 300_000],
  ])('reads %s as %d ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ value });
  });

  it.each(['5 apples', '', '-5s', '+5', '5ss', 's', '1e3', '0x10', '1,5s', '5s5', 'NaN', '٣s', '1.s', '.5s'])(
    'refuses %j with the forms it takes',
    (text) => {
      expect(parseDuration(text)).toEqual({
        error: `${quote(text)} is not a duration; use 30, 500ms, 30s or 5m`,
      });
    },
  );

  it.each(['0.5ms', '9999999999999y', `${'9'.repeat(400)}s`])(
    'refuses %s, which no timer can count',
    (text) => {
      expect(parseDuration(text)).toHaveProperty('error');
    },
  );

  it('reads back what it formats', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ value: ms });
      }),
    );
  });
});

describe('size', () => {
  it.each([
    ['1024', 1024],
    ['0', 0],
    ['32kb', 32_768],
    ['100mb', 104_857_600],
    ['1.5 KB', 1536],
    ['1gb', 1_073_741_824],
    ['7b', 7],
  ])('reads %s as %d bytes', (text, value) => {
    expect(parseSize(text)).toEqual({ value });
  });

  it.each(['', '1tb', '32k', '32 kib', '-1', '1e3', 'mb', '0.3b', '9'.repeat(30)])('refuses %j', (text) => {
    expect(parseSize(text)).toHaveProperty('error');
  });

  it('reads back what it formats', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toEqual({ value: bytes });
      }),
    );
  });
});

describe('bool', () => {
  it.each(['true', '1', 'yes', 'on', 'TRUE', 'Yes'])('reads %s as true', (text) => {
    expect(parseBool(text)).toEqual({ value: true });
  });

  it.each(['false', '0', 'no', 'off', 'Off'])('reads %s as false', (text) => {
    expect(parseBool(text)).toEqual({ value: false });
  });

  it.each(['', 'y', 'enabled', '2', 'truefalse'])('refuses %j', (text) => {
    expect(parseBool(text)).toHaveProperty('error');
  });
});

describe('int', () => {
  it.each(['1.0', '', '1e3', '0x1', ' 1', '9007199254740992', 'Infinity'])('refuses %j', (text) => {
    expect(parseInteger(text)).toHaveProperty('error');
  });

  it('reads every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(parseInteger(String(value))).toEqual({ value });
      }),
    );
  });
});

describe('list', () => {
  it('trims blanks and drops empty items', () => {
    expect(parseList(' a , b,, c ,')).toEqual(['a', 'b', 'c']);
  });

  it('takes the one word none for an empty list', () => {
    expect(parseList('none')).toEqual([]);
    expect(parseList('none,a')).toEqual(['none', 'a']);
  });
});

describe('any parser', () => {
  it('answers every text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const parse of [parseDuration, parseSize, parseBool, parseInteger]) {
          expect(Object.keys(parse(text))).toHaveLength(1);
        }
      }),
    );
  });

  it('quotes on one line, without control characters, and briefly', () => {
    expect(quote('a\u001b[31m\r\nb')).toBe('`a?[31m??b`');
    expect(quote('x'.repeat(1000)).length).toBeLessThan(70);
  });
});
