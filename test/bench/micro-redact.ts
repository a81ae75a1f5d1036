/** Measures what redaction costs a log line, and that no input makes it slow: node test/bench/micro-redact.ts */
import { createHash, randomBytes } from 'node:crypto';
import { Redactor } from '../../core/redact.ts';

const NEEDLES = 150;
const MEGABYTE = 1024 * 1024;

const accessLine = JSON.stringify({
  level: 'info',
  time: '2026-11-12T10:11:12.123Z',
  message: 'request',
  request_id: '2053b1da-e887-4745-a7f4-0f7e3c20ca59',
  trace_id: '88611b6ac824867091b8fabbf115df31',
  client: '203.0.113.24',
  method: 'GET',
  path: '/v1/users/341b0195/orders?page=3&sort=age&limit=50',
  status: 200,
  duration_ms: 12.4,
  upstream_ms: 11.8,
  bytes: 5751,
  protocol: 'HTTP/1.1',
  user_agent:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36',
  referer: 'https://app.example.test/dashboard/orders',
  endpoint: '/v1/users/{id}/orders',
  retries: 0,
});

function needles(): { name: string; value: string }[] {
  const secrets: { name: string; value: string }[] = [];
  for (let i = 0; i < NEEDLES; i++)
    secrets.push({ name: `SECRET_${i}`, value: randomBytes(32).toString('base64') });
  return secrets;
}

/** Milliseconds of this process's own work, so that a busy machine does not count. */
const cpu = (): number => process.cpuUsage().user / 1000;

/** Median microseconds of one call, over `rounds` rounds. */
function measure(redactor: Redactor, text: string, calls: number, rounds = 9): number {
  for (let i = 0; i < calls * 10; i++) redactor.text(text);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = cpu();
    for (let i = 0; i < calls; i++) redactor.text(text);
    times.push(((cpu() - start) * 1000) / calls);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
}

const repeat = (unit: string, size: number): string =>
  unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

const worst: Record<string, (size: number) => string> = {
  'one long line': (size) => repeat('x', size),
  eyJ: (size) => repeat('eyJ', size),
  'eyJ-': (size) => repeat('eyJ-', size),
  'eyJaaaaaaaaaa.': (size) => repeat('eyJaaaaaaaaaa.', size),
  'sk-': (size) => repeat('sk-', size),
  'sk-a-': (size) => repeat('sk-a-', size),
  'BEGIN lines': (size) => repeat('-----BEGIN RSA PRIVATE KEY-----\n', size),
  'BEGIN on one line': (size) => repeat('-----BEGIN', size),
  'password=': (size) => repeat('password=', size),
  'password=, quoted': (size) => repeat('password="', size),
  'password, escaped': (size) => repeat('password=\\"x\\\\\\"', size),
  'password, blanks': (size) => repeat('password= ', size),
  'a:': (size) => repeat('a:', size),
  'token: token:': (size) => repeat('token: ', size),
  'key=': (size) => repeat('key=', size),
  'deep JSON': (size) => repeat('{"a":', size),
  'deep lists': (size) => repeat('"token":[', size),
  quotes: (size) => repeat('"', size),
  backslashes: (size) => repeat('\\', size),
  percent: (size) => repeat('%3D', size),
  'percent, twice': (size) => repeat('%253A%252F%252F', size),
  '://': (size) => repeat('://', size),
  '://a:b': (size) => repeat('://a:b', size),
  '@': (size) => repeat('a@', size),
  slashes: (size) => repeat('a/', size),
  'base64 of text': (size) =>
    Buffer.from(repeat('hello world, this is text; ', Math.floor(size * 0.75))).toString('base64'),
  'base64 in paths': (size) => repeat('aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ/', size),
  hex: (size) => repeat(createHash('sha256').update('x').digest('hex'), size),
  'hex of text': (size) =>
    Buffer.from(repeat('hello world, this is text; ', Math.floor(size / 2))).toString('hex'),
  'cookie: a=b;': (size) => `cookie: ${repeat('a=b; ', size)}`,
  cookies: (size) => repeat('cookie: ', size),
  authorization: (size) => repeat('authorization: ', size),
  Bearer: (size) => repeat('Bearer ', size),
  flags: (size) => repeat(' --password', size),
  'flags, short': (size) => repeat(' -p -u', size),
  tags: (size) => repeat('<password>', size),
  ampersands: (size) => `token=${repeat('&', size)}`,
  commas: (size) => `token=${repeat(',a', size)}`,
  'name="password"': (size) => repeat('name="password" ', size),
  'broken UTF-8': (size) =>
    Buffer.from(repeat('\xc3\x28\xff\xfe', Math.floor(size / 4)), 'latin1').toString('utf8'),
  'lone surrogates': (size) => repeat('\ud800', size),
  newlines: (size) => repeat('\n', size),
  marks: (size) => repeat('[redacted:token]', size),
  'mark openings': (size) => repeat('[redacted:', size),
  'bearer tokens': (size) => repeat('Authorization: Bearer abcdEF0123456789abcdEF0123456789\n', size),
};

/** Milliseconds for one text of `size` characters, whole and in 64 KiB pieces. */
function once(redactor: Redactor, text: string): [number, number] {
  const start = cpu();
  redactor.text(text);
  const whole = cpu() - start;
  const stream = redactor.stream();
  const again = cpu();
  for (let at = 0; at < text.length; at += 65_536) stream.push(text.slice(at, at + 65_536));
  stream.end();
  return [whole, cpu() - again];
}

function main(): void {
  const redactor = new Redactor({ secrets: needles() });
  const kilobytes = accessLine.length / 1024;
  const line = measure(redactor, accessLine, 20_000);
  console.log(
    `access-log line (${accessLine.length} bytes): ${(line / kilobytes).toFixed(2)} µs per KB (budget 8)`,
  );
  const prose = repeat(
    'the request was served by worker seven after a short wait in the queue, nothing else to say. ',
    64 * 1024,
  );
  const clean = measure(redactor, prose, 40);
  console.log(`clean text: ${(prose.length / clean).toFixed(0)} MB/s (budget 50)`);
  const stringify = measure(
    { text: (text: string) => JSON.stringify({ text }) } as unknown as Redactor,
    accessLine,
    2000,
  );
  console.log(`for scale, JSON.stringify of the same line: ${(stringify / kilobytes).toFixed(2)} µs per KB`);
  let slowest = 0;
  for (const [name, make] of Object.entries(worst)) {
    const [whole, streamed] = once(redactor, make(Number(process.argv[2] ?? 10) * MEGABYTE));
    slowest = Math.max(slowest, whole, streamed);
    console.log(
      `${process.argv[2] ?? 10} MB of ${name.padEnd(22)} whole ${whole.toFixed(0).padStart(6)} ms   streamed ${streamed.toFixed(0).padStart(6)} ms`,
    );
  }
  console.log(`slowest: ${slowest.toFixed(0)} ms (budget 1000)`);
}

main();
