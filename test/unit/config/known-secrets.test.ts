import { describe, expect, it } from 'vitest';
import { knownSecrets } from '../../../config/known-secrets.ts';
import { load } from '../../../config/load.ts';

describe('the secrets of a configuration', () => {
  it('bear the names of their variables, with the passwords of URLs on their own', () => {
    const ADMIN_TOKEN = 'a-token-of-the-admin-port-0123456789abcdef';
    const REDIS_URL = 'redis://app:p%40ssw0rd-of-redis@127.0.0.1:6379';
    const loaded = load({ ADMIN_TOKEN, REDIS_URL }, { cwd: '/nowhere' });
    if ('errors' in loaded) throw new Error(loaded.errors.join());
    const known = [...knownSecrets(loaded.config)];
    expect(known).toEqual(
      expect.arrayContaining([
        { name: 'ADMIN_TOKEN', value: ADMIN_TOKEN },
        { name: 'REDIS_URL', value: REDIS_URL },
        { name: 'REDIS_URL', value: 'p@ssw0rd-of-redis' },
      ]),
    );
    for (const { name } of known) expect(name).toMatch(/^[A-Z0-9_]+$/);
  });
});
