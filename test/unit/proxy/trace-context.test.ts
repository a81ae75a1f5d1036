import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ids } from '../../../core/ids.ts';
import { nextTrace, parseTraceparent, parseTracestate } from '../../../proxy/trace-context.ts';

const ids = new Ids();
const T = '4bf92f3577b34da6a3ce929d0e0e4736';
const P = '00f067aa0ba902b7';

const members = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=${i}`).join(',');

describe('traceparent', () => {
  it.each([
    ['version 00', `00-${T}-${P}-01`, 1],
    ['not sampled', `00-${T}-${P}-00`, 0],
    ['the random flag', `00-${T}-${P}-02`, 2],
    ['both known flags', `00-${T}-${P}-03`, 3],
    ['unknown flags, which are dropped', `00-${T}-${P}-ff`, 3],
    ['unknown flags alone', `00-${T}-${P}-fc`, 0],
    ['blanks around it', ` \t00-${T}-${P}-01\t `, 1],
    ['a later version of the same length', `cc-${T}-${P}-01`, 1],
    ['a later version with more behind a dash', `cc-${T}-${P}-01-what-the-future-will-be-like`, 1],
    ['a later version with a bare dash', `01-${T}-${P}-01-`, 1],
    ['the last valid version', `fe-${T}-${P}-00`, 0],
    ['a trace id of zeros but one', `00-${'0'.repeat(31)}1-${P}-01`, 1],
  ])('with %s is taken', (_title, value, flags) => {
    expect(parseTraceparent(value)).toMatchObject({ parentId: P, flags });
  });

  it.each([
    ['nothing in it', ''],
    ['version ff', `ff-${T}-${P}-01`],
    ['version ff and more', `ff-${T}-${P}-01-x`],
    ['version 00 and more behind a dash', `00-${T}-${P}-01-extra`],
    ['version 00 and a bare dash', `00-${T}-${P}-01-`],
    ['a later version with more but no dash', `cc-${T}-${P}-01.extra`],
    ['a later version with one digit too many', `cc-${T}-${P}-011`],
    ['a version in capitals', `FE-${T}-${P}-01`],
    ['a version of one digit', `0-${T}-${P}-01`],
    ['a version of three digits', `000-${T}-${P}-01`],
    ['a version that is not hex', `.0-${T}-${P}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${P}-01`],
    ['a trace id in capitals', `00-${T.toUpperCase()}-${P}-01`],
    ['a trace id too short', `00-${T.slice(1)}-${P}-01`],
    ['a trace id too long', `00-${T}0-${P}-01`],
    ['a trace id that is not hex', `00-${T.slice(1)}.-${P}-01`],
    ['a parent id of zeros', `00-${T}-${'0'.repeat(16)}-01`],
    ['a parent id in capitals', `00-${T}-${P.toUpperCase()}-01`],
    ['a parent id too short', `00-${T}-${P.slice(1)}-01`],
    ['a parent id too long', `00-${T}-${P}0-01`],
    ['flags that are not hex', `00-${T}-${P}-.0`],
    ['flags in capitals', `00-${T}-${P}-0A`],
    ['flags of one digit', `00-${T}-${P}-1`],
    ['flags of three digits', `00-${T}-${P}-001`],
    ['no flags', `00-${T}-${P}`],
    ['underscores for dashes', `00_${T}_${P}_01`],
    ['blanks within', `00- ${T}-${P}-01`],
    ['two values on one line', `00-${T}-${P}-01,00-${T}-${P}-01`],
    ['a line feed behind it', `00-${T}-${P}-01\n`],
    ['a later version with a line feed', `cc-${T}-${P}-01-\n`],
  ])('with %s is refused', (_title, value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

describe('tracestate', () => {
  it.each([
    ['one member', ['foo=1'], 'foo=1'],
    ['two members', ['foo=1,bar=2'], 'foo=1,bar=2'],
    ['members on several lines, in order', ['foo=1', 'bar=2,baz=3'], 'foo=1,bar=2,baz=3'],
    ['blanks around members', ['foo=1 \t , \t bar=2, \t baz=3 '], 'foo=1,bar=2,baz=3'],
    ['empty members', ['foo=1,,bar=2, ,', ''], 'foo=1,bar=2'],
    ['a key that stands twice', ['foo=1,foo=1', 'foo=2'], 'foo=1,foo=1,foo=2'],
    ['a tenant in the key', ['fw529a3039@dt=FfAAAAA1'], 'fw529a3039@dt=FfAAAAA1'],
    ['a key that opens with a digit', ['0foo=1'], '0foo=1'],
    ['every key character', ['a0_-*/@=1'], 'a0_-*/@=1'],
    ['a key of 256', [`${'z'.repeat(256)}=1`], `${'z'.repeat(256)}=1`],
    ['a value of 256', [`foo=${'v'.repeat(256)}`], `foo=${'v'.repeat(256)}`],
    ['a value with blanks within', ['foo= a b'], 'foo= a b'],
    ['32 members', [members(32)], members(32)],
    ['32 members and an empty one', [`${members(32)},`], members(32)],
  ])('with %s is passed on', (_title, values, expected) => {
    expect(parseTracestate(values)).toBe(expected);
  });

  it('passes all 32 members of the greatest size', () => {
    const list = Array.from(
      { length: 32 },
      (_, i) => `${String(i).padEnd(256, 'k')}=${'v'.repeat(256)}`,
    ).join(',');
    expect(parseTracestate([list])).toBe(list);
  });

  it.each([
    ['33 members', [members(33)]],
    ['33 members over two lines', [members(32), 'last=1']],
    ['nothing', ['']],
    ['empty members only', [', ,\t,']],
    ['a key in capitals', ['FOO=1']],
    ['a key that opens with a sign', ['@foo=1']],
    ['a key that opens with a dash', ['-foo=1']],
    ['an empty key', ['=1']],
    ['a key of 257', [`${'z'.repeat(257)}=1`]],
    ['a blank before the equals sign', ['foo =1']],
    ['no value', ['foo=']],
    ['a value of a blank', ['foo= ']],
    ['no equals sign', ['foo']],
    ['two equals signs', ['foo=bar=baz']],
    ['a value of 257', [`foo=${'v'.repeat(257)}`]],
    ['a control character', ['foo=a\u0000b']],
    ['a tab within a value', ['foo=a\tb']],
    ['a byte above ASCII', ['foo=\xe9']],
    ['one bad member among good ones', ['foo=1,bar,baz=3']],
  ])('with %s is dropped whole', (_title, values) => {
    expect(parseTracestate(values)).toBeUndefined();
  });

  it('is read in time that grows with its length alone', () => {
    const attack = `a=${' '.repeat(1_000_000)}\u0000`;
    const tabs = `${'\t'.repeat(1_000_000)}x`;
    expect(parseTracestate([attack])).toBeUndefined();
    expect(parseTracestate([tabs])).toBeUndefined();
  });
});

describe('the trace that goes on', () => {
  it('keeps trace id and flags, and has a parent id of its own each time', () => {
    const first = nextTrace([`00-${T}-${P}-01`], ['foo=1'], ids);
    const second = nextTrace([`00-${T}-${P}-01`], ['foo=1'], ids);
    expect(first.traceparent).toMatch(new RegExp(`^00-${T}-[0-9a-f]{16}-01$`));
    expect(first.traceparent).not.toContain(P);
    expect(first.traceparent).not.toBe(second.traceparent);
    expect(first.tracestate).toBe('foo=1');
  });

  it('speaks version 00, whatever version came', () => {
    const { traceparent } = nextTrace([`cc-${T}-${P}-ff-more`], [], ids);
    expect(traceparent).toMatch(new RegExp(`^00-${T}-[0-9a-f]{16}-03$`));
  });

  it('survives a tracestate that is unfit', () => {
    const trace = nextTrace([`00-${T}-${P}-00`], ['FOO=1'], ids);
    expect(trace.traceparent).toContain(T);
    expect(trace.tracestate).toBeUndefined();
  });

  it.each([
    ['there is none', []],
    ['it is invalid', [`ff-${T}-${P}-01`]],
    ['it stands twice', [`00-${T}-${P}-01`, `00-${'a'.repeat(32)}-${P}-01`]],
    ['it stands twice with the same value', [`00-${T}-${P}-01`, `00-${T}-${P}-01`]],
  ])('is a new one, without tracestate, when %s', (_title, traceparents) => {
    const trace = nextTrace(traceparents, ['foo=1'], ids);
    expect(trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
    expect(trace.traceparent).not.toContain(T);
    expect(trace.tracestate).toBeUndefined();
  });

  it('is valid for any input whatever', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3 }), fc.array(text), (traceparents, tracestates) => {
        const trace = nextTrace(traceparents, tracestates, ids);
        expect(parseTraceparent(trace.traceparent)).toBeDefined();
        if (trace.tracestate !== undefined)
          expect(parseTracestate([trace.tracestate])).toBe(trace.tracestate);
      }),
    );
  });
});
