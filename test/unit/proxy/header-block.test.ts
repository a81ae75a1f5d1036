import { describe, expect, it } from 'vitest';
import { FixedFields, HeaderBlock, namesOf } from '../../../proxy/header-block.ts';

const isServer = namesOf('server', 'x-powered-by');
const isVary = namesOf('vary');

/** Three fields, one of which is ready in front, one a line, one ready behind. */
function block(): HeaderBlock {
  const headers = new HeaderBlock(['X-Middle', 'b'], new FixedFields(['SERVER', 'a']));
  headers.addFixed(new FixedFields(['Vary', 'Origin']));
  return headers;
}

describe('names', () => {
  it.each(['Server', 'server', 'SERVER', 'X-Powered-By'])('hold %s, in any case', (name) => {
    expect(isServer(name)).toBe(true);
  });

  it.each(['Servers', 'serve', '', '__proto__'])('do not hold %j', (name) => {
    expect(isServer(name)).toBe(false);
  });
});

describe('a block of ready fields and lines', () => {
  it('is one text, in order', () => {
    expect(block().text).toBe('SERVER: a\r\nX-Middle: b\r\nVary: Origin\r\n');
    expect(block().list).toEqual(['SERVER', 'a', 'X-Middle', 'b', 'Vary', 'Origin']);
  });

  it.each(['server', 'x-middle', 'vary'])('says wherever it stands that it has %s', (name) => {
    expect(block().hasAny(namesOf(name))).toBe(true);
    expect(block().has(name)).toBe(true);
    expect(block().hasAny(namesOf(`${name}s`))).toBe(false);
  });

  it.each(['server', 'x-middle', 'vary'])('loses %s by name, and nothing else', (name) => {
    const headers = block();
    headers.deleteWhere(namesOf(name));
    expect(headers.hasAny(namesOf(name))).toBe(false);
    expect(headers.list.length).toBe(4);
  });

  it('asked again, and asked of other names, says what it said', () => {
    const lead = new FixedFields(['Server', 'a', 'Vary', 'b']);
    for (let i = 0; i < 3; i++) {
      const headers = new HeaderBlock([], lead);
      headers.deleteWhere(isServer);
      expect(headers.text).toBe('Vary: b\r\n');
      headers.deleteWhere(isVary);
      expect(headers.text).toBe('');
    }
    expect(new HeaderBlock([], lead).text).toBe('Server: a\r\nVary: b\r\n');
  });

  it('leaves what others of the same ready fields have alone when it is changed', () => {
    const lead = new FixedFields(['Server', 'a']);
    const changed = new HeaderBlock([], lead);
    changed.set('Server', 'mine');
    changed.list.push('X-More', '1');
    expect(changed.text).toBe('Server: mine\r\nX-More: 1\r\n');
    expect(new HeaderBlock([], lead).text).toBe('Server: a\r\n');
  });
});
