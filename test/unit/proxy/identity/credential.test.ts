import { describe, expect, it } from 'vitest';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { credentialReader, literalPrefix } from '../../../../proxy/identity/credential.ts';

const read = credentialReader({ cookie: 'access', keyPattern: /^mk-[A-Za-z0-9_-]{43}$/ });
const kind = (...headers: string[]) => read(new HeaderBlock(headers))?.kind;
const KEY = `mk-${'k'.repeat(43)}`;

describe('what a request presents', () => {
  it.each([
    ['nothing', [], undefined],
    ['three segments', ['Authorization', 'Bearer a.b.c'], 'token'],
    ['three segments with nothing in the last', ['Authorization', 'Bearer a.b.'], 'token'],
    ['a name in another case', ['AUTHORIZATION', 'bearer a.b.c'], 'token'],
    ['two segments that begin as JSON', ['Authorization', 'Bearer eyJhIjoxfQ.b'], 'token'],
    ['five segments', ['Authorization', 'Bearer eyJhIjoxfQ.b.c.d.e'], 'opaque'],
    ['base64 JSON', ['Authorization', 'Bearer eyJhIjoxfQ=='], 'opaque'],
    ['a key', ['Authorization', `Bearer ${KEY}`], 'key'],
    ['a key cut short', ['Authorization', 'Bearer mk-short'], 'misshapen'],
    ['a key with dots', ['Authorization', 'Bearer mk-a.b.c'], 'misshapen'],
    ['a key with more', ['Authorization', `Bearer ${KEY}k`], 'misshapen'],
    ['another scheme', ['Authorization', 'Basic dTpw'], 'opaque'],
    ['Digest', ['Authorization', 'Digest username="a", uri="/a.b.c"'], 'opaque'],
    ['another scheme with a token', ['Authorization', 'Token a.b.c'], 'token'],
    ['no scheme, a token', ['Authorization', 'a.b.c'], 'token'],
    ['an empty field', ['Authorization', ''], 'ambiguous'],
    ['two lines', ['Authorization', 'Bearer a.b.c', 'authorization', 'Bearer a.b.c'], 'ambiguous'],
    ['a comma in a token', ['Authorization', 'Bearer a.b.c,d'], 'token'],
    ['two bearers in one line', ['Authorization', 'Bearer a.b.c, Bearer d.e.f'], 'ambiguous'],
    ['a comma in what is no token', ['Authorization', 'Bearer abc,d'], 'ambiguous'],
    ['a cookie', ['Cookie', 'x=1; access=a.b.c'], 'token'],
    ['a cookie in a second line', ['Cookie', 'x=1', 'Cookie', 'access=a.b.c'], 'token'],
    ['an opaque cookie', ['Cookie', 'access=abc'], 'opaque'],
    ['an empty cookie', ['Cookie', 'access='], undefined],
    ['a cookie of a longer name', ['Cookie', 'xaccess=a.b.c; access2=a.b.c'], undefined],
    ['two cookies that differ', ['Cookie', 'access=a.b.c; access=d.e.f'], 'ambiguous'],
    ['two cookies that agree', ['Cookie', 'access=a.b.c; access=a.b.c'], 'token'],
    ['field and cookie that agree', ['Authorization', 'Bearer a.b.c', 'Cookie', 'access="a.b.c"'], 'token'],
    ['field and cookie that differ', ['Authorization', 'Bearer a.b.c', 'Cookie', 'access=d.e.f'], 'pair'],
    ['a key beside a cookie', ['Authorization', `Bearer ${KEY}`, 'Cookie', 'access=d.e.f'], 'key'],
  ])('%s', (_name, headers, expected) => {
    expect(kind(...headers)).toBe(expected);
  });

  it.each([
    ['^mk-[a-z]+$', 'mk-'],
    ['^sk_live_[a-z]+$', 'sk_live_'],
    ['^(mk|sk)-.+$', ''],
    ['^ab?c$', ''],
    ['^abc?d$', 'ab'],
    ['^[a-z]{20}$', ''],
    ['^a-|^b-', ''],
  ])('a key pattern %s tells keys by %o', (source, expected) => {
    expect(literalPrefix(source)).toBe(expected);
  });
});
