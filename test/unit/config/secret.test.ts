/** A secret leaves by `reveal()` and by no other door. */
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../config/secret.ts';

const VALUE = 'correct-horse-battery-staple';

const doors: Record<string, (secret: Secret) => unknown> = {
  String: (secret) => String(secret),
  template: (secret) => `${secret}`,
  concatenation: (secret) => `a${secret}b`.concat(secret as unknown as string),
  'Array.join': (secret) => [secret, secret].join(),
  'JSON.stringify': (secret) => JSON.stringify({ inner: [secret] }),
  inspect: (secret) => inspect({ inner: { deep: secret } }, { depth: 9, showHidden: true, getters: true }),
  'inspect without custom inspection': (secret) =>
    inspect(secret, { customInspect: false, showHidden: true }),
  'format %s %o %O %j': (secret) => format('%s %o %O %j', secret, secret, secret, secret),
  'Error message': (secret) => new Error(`bad token ${secret}`).stack,
  'Error cause': (secret) => inspect(new Error('bad token', { cause: secret })),
  structuredClone: (secret) => inspect(structuredClone(secret), { showHidden: true }),
  'v8.serialize': (secret) => serialize(secret).toString('latin1'),
  'spread and keys': (secret) => inspect([{ ...secret }, Object.entries(secret), Reflect.ownKeys(secret)]),
  'as a property key': (secret) => inspect({ [secret as unknown as string]: 1 }),
  'as a number': (secret) => String(Number(secret)),
  'toLocaleString()': (secret) => secret.toLocaleString(),
};

describe('Secret', () => {
  it('gives its value to reveal()', () => {
    fc.assert(fc.property(fc.string(), (value) => new Secret(value).reveal() === value));
  });

  it.each(Object.keys(doors))('does not print its value through %s', (name) => {
    expect(String(doors[name]!(new Secret(VALUE)))).not.toContain(VALUE);
  });

  it.each(['String', 'template', 'JSON.stringify', 'inspect', 'Error message', 'format %s %o %O %j'])(
    'says [redacted] through %s',
    (name) => {
      expect(String(doors[name]!(new Secret(VALUE)))).toContain('[redacted]');
    },
  );

  it('can not be given a method that betrays it', () => {
    expect(() => Object.assign(new Secret(VALUE), { toString: () => 'x' })).toThrow(TypeError);
  });
});
