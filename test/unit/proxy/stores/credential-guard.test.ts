import { describe, expect, it } from 'vitest';
import { CredentialGuard } from '../../../../proxy/stores/credential-guard.ts';
import { definePolicy } from '../../../../proxy/stores/gcra.ts';
import { MemoryStore } from '../../../../proxy/stores/memory.ts';

const policy = definePolicy('credentials', 50, 60, 3);
const guard = () => new CredentialGuard(new MemoryStore({ now: () => 0, monotonic: () => 0 }, 100), policy);

describe('the guard of credentials', () => {
  it('counts failures, not questions: a credential may be asked about for ever', () => {
    const one = guard();
    for (let i = 0; i < 100; i++) expect(one.refusal('client', { text: 'good' })).toBeUndefined();
  });

  it('refuses a client whose failures spent the budget, and no other client', () => {
    const one = guard();
    for (let i = 0; i < 3; i++) one.failed('client', { text: `bad ${i}` });
    expect(one.refusal('client', { text: 'new' })).toMatchObject({ allowed: false, remaining: 0, policy });
    expect(one.refusal('other', { text: 'new' })).toBeUndefined();
  });

  it('lets a credential pass that verified before, until it fails itself', () => {
    const one = guard();
    one.verified({ text: 'good' });
    for (let i = 0; i < 3; i++) one.failed('client', { text: 'bad' });
    expect(one.refusal('client', { text: 'good' })).toBeUndefined();
    expect(one.refusal('client', { text: 'Good' })).toBeDefined();
    one.failed('client', { text: 'good' });
    expect(one.refusal('client', { text: 'good' })).toBeDefined();
  });

  it('remembers thousands of credentials, and none that is overlong', () => {
    const one = guard();
    for (let i = 0; i < 4000; i++) one.verified({ text: `token ${i}` });
    const overlong = 'x'.repeat(4097);
    one.verified({ text: overlong });
    for (let i = 0; i < 3; i++) one.failed('client', { text: 'bad' });
    const known = Array.from({ length: 4000 }, (_, i) =>
      one.refusal('client', { text: `token ${i}` }),
    ).filter((refusal) => refusal === undefined);
    // Two that fall on one place share it: the newer is kept.
    expect(known.length).toBeGreaterThan(3300);
    expect(one.refusal('client', { text: overlong })).toBeDefined();
  });
});
