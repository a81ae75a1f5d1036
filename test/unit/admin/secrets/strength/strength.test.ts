/** What was drawn by chance is told from what was made up, at any length that a secret has. */
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { strengthOf } from '../../../../../admin/secrets/strength/strength.ts';
import { BASE62, draw } from '../samples.ts';
import { MADE_UP } from './made-up.ts';

const MANY = 10_000;
const PATIENCE = 300_000;

describe('a secret drawn by chance', () => {
  it.each<[string, (turn: number) => string]>([
    ['hex', (turn) => randomBytes(turn % 2 ? 16 : 24).toString('hex')],
    ['base64', (turn) => randomBytes(turn % 2 ? 16 : 32).toString('base64')],
    ['base62', (turn) => draw(BASE62, turn % 2 ? 22 : 40)],
    ['URL-safe base64', (turn) => randomBytes(turn % 2 ? 16 : 32).toString('base64url')],
    ['pairs of UUIDs', (turn) => [randomUUID(), randomUUID()].join(turn % 2 ? '' : '-')],
  ])('of 128 bits or more scores 80 or more, in %s', { timeout: PATIENCE }, (_form, make) => {
    let under = 0;
    for (let turn = 0; turn < MANY; turn++) if (strengthOf(make(turn)).score < 80) under++;
    expect(under).toBeLessThanOrEqual(MANY * 0.003);
  });

  it.each([
    ['eight words before it', () => `jwt-signing-key-of-the-production-${randomBytes(32).toString('hex')}`],
    ['a name before it', () => `prod_${randomBytes(32).toString('hex')}`],
    ['marks among it', () => draw('abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)', 50)],
    ['hex inside base64', () => Buffer.from(randomBytes(32).toString('hex')).toString('base64')],
    ['a kilobyte', () => randomBytes(768).toString('base64')],
  ])('stays strong with %s', (_what, make) => {
    let under = 0;
    for (let turn = 0; turn < 200; turn++) if (strengthOf(make()).score < 80) under++;
    expect(under).toBeLessThanOrEqual(2);
  });

  it.each([
    [8, 0, 40],
    [11, 39, 60],
    [16, 55, 60],
    [22, 80, 85],
    [43, 98, 100],
  ])('of %i characters scores from %i to %i', (length, least, most) => {
    const { score } = strengthOf(draw(BASE62, length));
    expect(score).toBeGreaterThanOrEqual(least);
    expect(score).toBeLessThanOrEqual(most);
  });
});

describe('a secret that somebody made up', () => {
  it('scores under 60 in 95 of 100', () => {
    expect(MADE_UP.length).toBeGreaterThanOrEqual(300);
    const over = MADE_UP.filter((text) => strengthOf(text).score >= 60);
    expect(over.length / MADE_UP.length).toBeLessThanOrEqual(0.05);
  });

  it('is told whatever its letters are dressed as', () => {
    for (const text of [
      'nobody will ever guess this secret key',
      'NOBODY WILL EVER GUESS THIS SECRET KEY',
      'NobodyWillEverGuessThisSecretKey',
      'n0b0dyW1llEv3rGu3ssTh1sS3cr3tK3y',
      'yek terces siht sseug reve lliw ydobon',
      Buffer.from('nobody will ever guess this secret key').toString('base64'),
      Buffer.from('nobody will ever guess this secret key').toString('hex'),
    ])
      expect({ text, low: strengthOf(text).score < 60 }).toEqual({ text, low: true });
  });

  it('gets no stronger by being said again', () => {
    const scores = [2, 8, 64].map((times) => strengthOf('Password1!'.repeat(times)).score);
    expect(Math.max(...scores)).toBeLessThan(40);
  });

  it.each([
    '',
    'x',
    'secret',
    'password',
    '12345678',
    'your-256-bit-secret',
    '5f4dcc3b5aa765d61d8327deb882cf99',
  ])('and that all know scores 5 at most: %s', (text) => {
    expect(strengthOf(text).score).toBeLessThanOrEqual(5);
  });
});

describe('any text', () => {
  it('is judged without failing, whatever it holds', () => {
    for (const text of [
      '',
      ' ',
      '\0',
      '\u{1f511}'.repeat(10),
      '\ud800',
      'ß'.repeat(300),
      'a'.repeat(100_000),
      '-'.repeat(5000),
    ]) {
      const { score } = strengthOf(text);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
    }
  });
});
