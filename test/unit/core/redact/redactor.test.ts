/** Shows what the redactor hides, what it leaves, and that neither pieces nor size change that. */
import { expect, test } from 'vitest';
import { encodings } from '../../../../core/redact/encodings.ts';
import { judgeName } from '../../../../core/redact/names.ts';
import { VENDORS } from '../../../../core/redact/vendors.ts';
import { Redactor } from '../../../../core/redact.ts';
import { draw, harmless, withSecret } from './examples.ts';

const redactor = new Redactor();

test.each(withSecret)('hides the secret in %s', (text, secret) => {
  const output = redactor.text(text);
  expect(output).not.toBe(text);
  if (secret !== '') expect(output).not.toContain(secret);
  expect(redactor.text(output)).toBe(output);
});

test.each(harmless)('leaves %s', (text) => {
  expect(redactor.text(text)).toBe(text);
});

const known = { name: 'APP_SECRET', value: 'q"8/w\\E&r+T=y <ü>1' };

test.each([...encodings(known.value)])('hides a known value written as %s', (form) => {
  const output = new Redactor({ secrets: [known] }).text(`before,${form},after`);
  expect(output).toBe('before,[redacted:APP_SECRET],after');
});

test.each(['', 'a', 'ab'])('hides a known value in base64 behind %j', (prefix) => {
  const wrapped = Buffer.from(`${prefix}${known.value}zz`).toString('base64');
  const output = new Redactor({ secrets: [known] }).text(`x=${wrapped}`);
  expect(output).not.toContain(
    Buffer.from(prefix + known.value)
      .toString('base64')
      .slice(4, 16),
  );
});

test('hides the password of a known URL without the URL around it', () => {
  const secrets = [{ name: 'DATABASE_URL', value: 'postgres://app:tr0ub4dor%26x@db/app' }];
  const output = new Redactor({ secrets }).text('login with tr0ub4dor&x or tr0ub4dor%26x refused');
  expect(output).toBe('login with [redacted:DATABASE_URL] or [redacted:DATABASE_URL] refused');
});

test('hides each line of a known value of many lines', () => {
  const lines = [draw(64), draw(64), draw(64)];
  const secrets = [{ name: 'KEY', value: lines.join('\n') }];
  expect(new Redactor({ secrets }).text(`> ${lines[1]} <`)).toBe('> [redacted:KEY] <');
});

test('a value under eight characters is no needle', () => {
  expect(new Redactor({ secrets: [{ name: 'SHORT', value: 'status' }] }).text('status 200')).toBe(
    'status 200',
  );
});

test.each([
  ['Authorization: Bearer abcdefgh12345678', 'Authorization: Bearer [redacted:bearer]'],
  ['{"password":"hunter2x","port":1}', '{"password":"[redacted:password]","port":1}'],
  ['{"password":12345678,"port":1}', '{"password":"[redacted:password]","port":1}'],
  ['/cb?token=hunter2x&lang=en', '/cb?token=[redacted:token]&lang=en'],
  ['redis://app:hunter2x@cache:6379/0', 'redis://app:[redacted:url-password]@cache:6379/0'],
  ['Set-Cookie: sid=hunter2x; Path=/; HttpOnly', 'Set-Cookie: sid=[redacted:cookie]; Path=/; HttpOnly'],
  ['a <password>hunter2x</password> b', 'a <password>[redacted:password]</password> b'],
  [
    '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nnext',
    '-----BEGIN PRIVATE KEY-----[redacted:private-key]-----END PRIVATE KEY-----\nnext',
  ],
])('keeps the shape of %s', (text, expected) => {
  expect(redactor.text(text)).toBe(expected);
});

test('every maker in the table has a prefix of two or more characters and a pattern', () => {
  for (const { starts, rest } of VENDORS) {
    for (const start of starts) expect(start.length).toBeGreaterThanOrEqual(2);
    expect(() => new RegExp(rest)).not.toThrow();
  }
});

test.each([
  'DB_PASSWORD',
  'userPassword',
  'x-api-key',
  'spring.datasource.password',
  'user[password]',
  'apikey',
  'id_token',
])('%s names a secret', (name) => {
  expect(judgeName(name).is).toBe('secret');
});

test.each([
  'token_count',
  'max_tokens',
  'csrf_enabled',
  'password_reset_url',
  'apiKeyId',
  'primary_key',
  'tokenizer',
  'secretName',
])('%s names no secret', (name) => {
  expect(judgeName(name).is).toBe('none');
});

test('reports how many of each kind were hidden in which place', () => {
  const seen: unknown[] = [];
  const counting = new Redactor({ onRedact: (...event) => seen.push(event) });
  counting.text('password=hunter2x token=hunter2y password=hunter2z', 'log');
  counting.text('nothing here', 'log');
  expect(seen).toEqual([
    ['password', 'log', 2],
    ['token', 'log', 1],
  ]);
});

test.each(withSecret)('hides it in pieces as in one: %s', (text) => {
  const input = `first line\n${text}\nlast line\n`;
  const whole = redactor.text(input);
  for (let at = 1; at < input.length; at++) {
    const stream = redactor.stream();
    const output = stream.push(input.slice(0, at)) + stream.push(input.slice(at)) + stream.end();
    if (output !== whole) expect(output, `cut at ${at}`).toBe(whole);
  }
});

test('hides a private key that arrives line by line, and lets the lines after it go', () => {
  const key = ['-----BEGIN PRIVATE KEY-----', draw(64), draw(64), '-----END PRIVATE KEY-----'];
  const stream = redactor.stream();
  let output = '';
  for (const line of ['before', ...key, 'after']) output += stream.push(`${line}\n`);
  expect(output).toContain('before\n');
  expect(output).toContain('after\n');
  expect(output).not.toContain(key[1]);
});

test('a line without end is let go in bounded pieces and hides what a border would cut', () => {
  const secret = `ghp_${draw(36)}`;
  const stream = redactor.stream();
  let output = '';
  let held = 0;
  for (let piece = 0; piece < 60; piece++) {
    const chunk = `${'word '.repeat(1000)}${secret.slice(0, 9)}`;
    const left = stream.push(chunk) + stream.push(`${secret.slice(9)} `);
    held += chunk.length + 32 - left.length;
    output += left;
    expect(held).toBeLessThan(200_000);
  }
  output += stream.end();
  expect(output).not.toContain(secret.slice(10, 20));
  expect(output.match(/\[redacted:github\]/g)).toHaveLength(60);
});

test('a value longer than the bound becomes one mark', () => {
  const stream = redactor.stream();
  let output = stream.push('password=');
  for (let piece = 0; piece < 40; piece++) output += stream.push(draw(8192));
  output += stream.push(' next\n') + stream.end();
  expect(output).toBe('password=[redacted:password] next\n');
});

const repeated = [
  'eyJ',
  'eyJ-',
  'sk-',
  'sk-a-',
  'password=',
  'password="',
  'key=',
  'a:',
  '://',
  '://a:b',
  '-----BEGIN RSA PRIVATE KEY-----\n',
  '{"a":',
  '"token":[',
  '%3D',
  '\\"',
  'a/',
  'a@',
  '<password>',
  ' -p -u',
  '[redacted:',
  'Authorization: Bearer abcdEF0123456789abcdEF0123456789\n',
  '%253A%252F%252F',
];

/** CPU, the best of three, in microseconds. */
function cost(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = process.cpuUsage().user;
    redactor.text(text);
    best = Math.min(best, process.cpuUsage().user - start);
  }
  return best;
}

test.each(repeated)('the work for %j repeated grows no faster than its length', (unit) => {
  const of = (size: number): number => cost(unit.repeat(Math.ceil(size / unit.length)));
  of(100_000);
  expect(of(800_000)).toBeLessThan(10 * Math.max(of(200_000), 20_000));
});

const NAMED = [
  'password=',
  'Authorization: ',
  'Authorization: Bearer ',
  'Bearer ',
  '--password ',
  '{"key":"',
];
const RUNS = ['\\', '\\u00', '\\x', '%25', '%', '&', ',', ')', '.', '"', "'", '=', '[', 'A1b2'];

test.each(NAMED)('the work for any run behind %j grows no faster than its length', (lead) => {
  for (const unit of RUNS) {
    const of = (size: number): number => cost(lead + unit.repeat(Math.ceil(size / unit.length)));
    of(20_000);
    expect(of(160_000), JSON.stringify(unit)).toBeLessThan(10 * Math.max(of(40_000), 10_000));
  }
});

test.each(NAMED)('a long value behind %j is hidden to its end, wherever an escape stands in it', (lead) => {
  for (let before = 505; before < 520; before++) {
    const value = `${'aB3$x9Qw'.repeat(80).slice(0, before)}\\z${'kK4mM7zZ'.repeat(30)}`;
    expect(redactor.text(`${lead}${value} next`), `escape at ${before}`).not.toContain('kK4m');
  }
});

test('a token of 16 KB in running text is hidden to its end', () => {
  expect(redactor.text(`got Bearer ${'1.a'.repeat(5400)}TheLast9 next`)).toBe(
    'got Bearer [redacted:bearer] next',
  );
});
