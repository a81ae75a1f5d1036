import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Redactor } from '../../../../core/redact.ts';
import { WholeBody } from '../../../../proxy/exchange.ts';
import { sanitizeErrors } from '../../../../proxy/filters/sanitize-errors.ts';
import { Chunks, exchange, reply } from './edge-exchange.ts';

const whole = (bytes: string | Buffer): WholeBody => new WholeBody(Buffer.from(bytes).toString('latin1'));

const KEY = 'k3y-of-the-app-0123456789';

async function run(
  body: Parameters<typeof reply>[2],
  headers: readonly string[] = ['Content-Type', 'text/plain'],
  status = 500,
  facts: Parameters<typeof exchange>[0] = {},
  origin: 'upstream' | 'railguard' = 'upstream',
) {
  const lines: Record<string, unknown>[] = [];
  const filter = sanitizeErrors({
    log: { error: (event_type, _message, more) => lines.push({ event_type, ...more }) },
    redactor: new Redactor({ secrets: [{ name: 'KEY', value: KEY }] }),
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const out = reply(headers, status, body, origin);
  filter.response?.(exchange(facts), out);
  await Promise.resolve();
  return { out, lines, line: lines[0] ?? {} };
}

describe('sanitize-errors', () => {
  test("the app's 5xx keeps its status and loses its body; the log keeps it, redacted, under the same id", async () => {
    const { out, line } = await run(
      whole(`Traceback: ${KEY}`),
      ['Content-Type', 'text/plain', 'Content-Length', '9'],
      503,
    );
    expect(out.status).toBe(503);
    expect(JSON.parse(out.body as string)).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'The application failed to answer this request.',
      code: 'upstream_error',
      correlation_id: 'id-of-this-request',
      timestamp: '1970-01-01T00:00:00.000Z',
    });
    expect(line).toMatchObject({
      event_type: 'upstream_error',
      correlation_id: 'id-of-this-request',
      status_code: 503,
      cut: false,
    });
    expect(line.body).toMatch(/^Traceback: /);
    expect(line.body).not.toContain(KEY);
  });

  test('fields of the old body go, the others stay', async () => {
    const { out } = await run(new Chunks([Buffer.from('x')]), [
      ...['Content-Type', 'text/plain', 'Content-Length', '1', 'Content-Encoding', 'br', 'ETag', '"x"'],
      ...[
        'Last-Modified',
        'x',
        'Trailer',
        'X-Sum',
        'Retry-After',
        '7',
        'Set-Cookie',
        'a=1',
        'Cache-Control',
        'public',
      ],
    ]);
    expect(out.headers.list).toEqual([
      ...['Retry-After', '7', 'Set-Cookie', 'a=1'],
      ...['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', 'Vary', 'Accept'],
    ]);
  });

  test('a browser gets a page', async () => {
    const { out } = await run(whole('x'), [], 500, { headers: ['Accept', 'text/html,*/*;q=0.8'] });
    expect(out.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(out.body).toContain('<h1>500 Internal Server Error</h1>');
  });

  test('the reason phrase of the app goes too', async () => {
    const { out } = await run(whole('x'));
    expect(out.reason).toBe('');
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('a body in %s is read for the log', async (coding, compress) => {
    const { line } = await run(whole(compress(Buffer.from('what went wrong'))), ['Content-Encoding', coding]);
    expect(line.body).toBe('what went wrong');
  });

  test('a body in a coding nobody reads, or a false one, is named by its size', async () => {
    expect((await run(whole('abc'), ['Content-Encoding', 'zstd'])).line.body).toBe(
      '[3 bytes in another coding]',
    );
    expect((await run(whole('abc'), ['Content-Encoding', 'gzip'])).line.body).toBe(
      '[3 bytes that could not be decoded]',
    );
  });

  test('a long body is cut at 8 KB in the log, and the rest is not awaited', async () => {
    const source = new Chunks(Array.from({ length: 64 }, () => Buffer.alloc(1024, 'words ')));
    const { line } = await run(source);
    expect(source.cancelled).toBe(true);
    expect((line.body as string).length).toBe(8192);
    expect(line.cut).toBe(true);
  });

  test('a secret that straddles the cut is not in the log', async () => {
    for (const at of [8 * 1024 - 10, 16 * 1024 - 10]) {
      const text = `${'x '.repeat(at / 2)}${KEY} and more${' y'.repeat(8000)}`;
      expect((await run(whole(text))).line.body).not.toContain(KEY.slice(0, 10));
    }
  });

  test('a cut gzip body still shows its beginning', async () => {
    const noise = Array.from({ length: 40_000 }, (_, i) => (i * 7919) % 9973).join(' ');
    const { line } = await run(new Chunks([gzipSync(`at the start ${noise}`)]), ['Content-Encoding', 'gzip']);
    expect(line.body).toMatch(/^at the start /);
  });

  test('a body that breaks off is logged up to its last whole word', async () => {
    expect((await run(new Chunks([Buffer.from('half of it postgres://us')], -1, false))).line).toMatchObject({
      body: 'half of it ',
      cut: true,
    });
  });

  test('an error without a body, as to HEAD, gets the document all the same', async () => {
    const { out, line } = await run(undefined, ['Content-Length', '512'], 500, { method: 'HEAD' });
    expect(out.headers.has('content-length')).toBe(false);
    expect(out.body).toContain('upstream_error');
    expect(line.body).toBe('');
  });

  test.each([
    ['a 4xx', 404, ['Content-Type', 'application/json'], 'upstream'],
    ['a 200 of a stream', 200, ['Content-Type', 'text/event-stream'], 'upstream'],
    ['gRPC', 503, ['Content-Type', 'application/grpc+proto'], 'upstream'],
    ['an answer of our own', 502, ['Content-Type', 'application/problem+json'], 'railguard'],
  ] as const)('%s is not touched', async (_what, status, headers, origin) => {
    const { out, lines } = await run('as it was', headers, status, {}, origin);
    expect(out.body).toBe('as it was');
    expect(out.headers.list).toEqual(headers);
    expect(lines).toEqual([]);
  });

  test('a text that the redactor fails on is withheld', async () => {
    const lines: Record<string, unknown>[] = [];
    const filter = sanitizeErrors({
      log: { error: (_type, _message, facts) => lines.push({ ...facts }) },
      redactor: {
        text: () => {
          throw new Error('no');
        },
      },
      clock: { now: () => 0, monotonic: () => 0 },
    });
    filter.response?.(exchange(), reply([], 500, whole(KEY)));
    await Promise.resolve();
    expect(lines[0]?.body).toBe('[withheld: it could not be redacted]');
  });

  test('of an app that only fails, 50 bodies a second are read; every error has its line and its document', async () => {
    const lines: Record<string, unknown>[] = [];
    const filter = sanitizeErrors({
      log: { error: (_type, _message, facts) => lines.push({ ...facts }) },
      redactor: new Redactor(),
      clock: { now: () => 0, monotonic: () => 0 },
    });
    const bodies = Array.from({ length: 60 }, () => new Chunks([Buffer.from('failed')]));
    const replies = bodies.map((body) => reply([], 500, body));
    for (const out of replies) filter.response?.(exchange(), out);
    await Promise.resolve();
    expect(lines.map((line) => line.body).filter((text) => text === 'failed')).toHaveLength(50);
    expect(lines).toHaveLength(60);
    expect(bodies.filter((body) => body.cancelled)).toHaveLength(10);
    expect(replies.every((out) => typeof out.body === 'string')).toBe(true);
  });
});
