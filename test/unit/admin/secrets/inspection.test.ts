/** Every secret of the catalogue is judged by the shape its issuer gives it, and by what is wrong around it. */
import { describe, expect, it } from 'vitest';
import { checksumHolds, githubChecksum } from '../../../../admin/secrets/formats.ts';
import { inspect, reusedNames } from '../../../../admin/secrets/inspection.ts';
import { SECRET_KINDS } from '../../../../config/secrets.ts';
import { BASE62, draw, invalidValues, managed, TURNS, URL_SAFE, VALID, validValues } from './samples.ts';

const calm = { production: false, reused: false };
const live = { production: true, reused: false };
const look = (name: string, value: string, surroundings = live) =>
  inspect(managed(name, value), surroundings);

describe('the shape of a secret', () => {
  it('is known for all 22', () => {
    expect(SECRET_KINDS).toHaveLength(22);
    expect(Object.keys(VALID).sort()).toEqual(SECRET_KINDS.map(({ name }) => name).sort());
  });

  it.each(SECRET_KINDS.map(({ name }) => name))('of %s is ok in 20 valid values', (name) => {
    const judged = validValues(name).map((value) => ({ value, format: look(name, value).format }));
    expect(judged).toHaveLength(TURNS);
    expect(judged.filter(({ format }) => format !== 'ok')).toEqual([]);
  });

  it.each(SECRET_KINDS.map(({ name }) => name))('of %s is unexpected in 20 invalid values', (name) => {
    const judged = invalidValues(name).map((value) => ({ value, format: look(name, value).format }));
    expect(judged).toHaveLength(TURNS);
    expect(judged.filter(({ format }) => format !== 'unexpected')).toEqual([]);
  });

  it('leaves nothing to say of a valid value in production', () => {
    for (const { name } of SECRET_KINDS)
      for (const value of validValues(name)) {
        const { findings, score } = look(name, value);
        expect({ name, value, findings }).toEqual({ name, value, findings: [] });
        expect(score).toBeGreaterThanOrEqual(80);
      }
  });

  it('is unknown for a secret of no known issuer', () => {
    const extra = { ...managed('CSRF_SECRET_KEY', draw(URL_SAFE, 20)), name: 'MINE', format: 'any' as const };
    expect(inspect(extra, live).format).toBe('unknown');
  });
});

describe('the checksum of a GitHub token', () => {
  it('is the CRC-32 of the thirty characters in base 62', () => {
    expect(githubChecksum('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17');
    expect(checksumHolds('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')).toBe(true);
  });

  it('fails for a token with one character changed', () => {
    const { format, findings, score } = look('GITHUB_TOKEN', 'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkj0mLq17');
    expect({ format, findings }).toEqual({ format: 'unexpected', findings: ['bad_checksum'] });
    expect(score).toBeLessThanOrEqual(50);
  });
});

describe('a finding', () => {
  const strong = () => draw(URL_SAFE, 43);
  it.each([
    ['placeholder', 'OPENAI_API_KEY', 'sk-your-openai-api-key-here'],
    ['placeholder', 'OPENAI_API_KEY', 'your-openai-api-key'],
    ['placeholder', 'STRIPE_API_KEY', 'sk_live_xxxxxxxxxxxxxxxxxxxxxxxx'],
    ['placeholder', 'JWT_SECRET_KEY', 'REPLACE_WITH_A_LONG_RANDOM_STRING_OF_CHARACTERS'],
    ['placeholder', 'JWT_SECRET_KEY', '<paste the output of openssl here, please>'],
    ['placeholder', 'DATABASE_URL', 'postgresql://app:changeme@db.example.org/app?sslmode=require'],
    ['known_weak', 'JWT_SECRET_KEY', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ['known_weak', 'COOKIE_SECRET_KEY', '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8'],
    ['known_weak', 'DATABASE_URL', 'postgresql://postgres:postgres@db.example.org/app?sslmode=require'],
    ['known_weak', 'REDIS_URL', 'rediss://default:password@cache.example.org'],
    ['weak', 'JWT_SECRET_KEY', 'winter is coming and the north remembers'],
    ['too_short', 'CSRF_SECRET_KEY', draw(URL_SAFE, 31)],
    ['unexpected_format', 'ANTHROPIC_API_KEY', `sk-ant-api03-${draw(URL_SAFE, 80)}`],
    ['surrounding_blanks', 'SESSION_SECRET_KEY', `${strong()}\n`],
    ['test_key_in_production', 'STRIPE_API_KEY', `sk_test_${draw(BASE62, 24)}`],
    ['localhost', 'DATABASE_URL', `postgresql://app:${strong()}@localhost:5432/app`],
    ['localhost', 'REDIS_URL', `redis://:${strong()}@127.0.0.1:6379`],
    ['no_tls', 'DATABASE_URL', `postgresql://app:${strong()}@db.example.org/app`],
    ['no_tls', 'DATABASE_URL', `postgresql://app:${strong()}@db.example.org/app?sslmode=prefer`],
    ['no_tls', 'REDIS_URL', `redis://:${strong()}@cache.example.org:6379`],
    ['no_password', 'REDIS_URL', 'rediss://cache.example.org:6379'],
    ['no_password', 'DATABASE_URL', 'postgresql://app@db.example.org/app?sslmode=require'],
  ])('%s speaks of %s, and alone', (finding, name, value) => {
    expect(look(name, value).findings).toEqual([finding]);
  });

  it('of a test key or this machine is none outside production', () => {
    expect(look('STRIPE_API_KEY', `sk_test_${draw(BASE62, 24)}`, calm).findings).toEqual([]);
    expect(look('DATABASE_URL', `postgresql://app:${strong()}@localhost/app`, calm).findings).toEqual([]);
  });

  it('caps the score: 39 too short, 40 reused, 50 for trying out, 5 a stand-in, 0 known', () => {
    expect(look('JWT_SECRET_KEY', draw(URL_SAFE, 31)).score).toBe(39);
    expect(look('JWT_SECRET_KEY', strong(), { production: true, reused: true }).score).toBe(40);
    expect(look('STRIPE_API_KEY', `sk_test_${draw(BASE62, 24)}`).score).toBe(50);
    expect(look('JWT_SECRET_KEY', 'REPLACE_WITH_A_LONG_RANDOM_STRING_OF_CHARACTERS').score).toBe(5);
    expect(look('REDIS_URL', 'rediss://default:password@cache.example.org').score).toBe(0);
  });

  it('of a value under two names is for both, also when one of them is a URL', () => {
    const shared = strong();
    const all = [
      managed('JWT_SECRET_KEY', shared),
      managed('DATABASE_URL', `postgresql://app:${shared}@db.example.org/app`),
      managed('CSRF_SECRET_KEY', strong()),
    ];
    expect([...reusedNames(all)].sort()).toEqual(['DATABASE_URL', 'JWT_SECRET_KEY']);
  });

  it('is none for one key of one provider under its two names', () => {
    const [value = ''] = validValues('XAI_API_KEY');
    expect(reusedNames([managed('XAI_API_KEY', value), managed('GROK_API_KEY', value)]).size).toBe(0);
  });
});
