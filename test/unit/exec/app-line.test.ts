import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLine } from '../../../exec/app-line.ts';

describe('the level of a plain line', () => {
  it.each([
    ['INFO:     127.0.0.1:50000 - "GET / HTTP/1.1" 200 OK', 'info'],
    ['ERROR:    Exception in ASGI application', 'error'],
    ['WARNING:  Invalid HTTP request received.', 'warn'],
    ['2026-01-02 03:04:05,678 - app.db - WARNING - slow query', 'warn'],
    ['2026-01-02 03:04:05.678 | DEBUG    | app:main:7 - starting', 'debug'],
    ['[2026-01-02 03:04:05 +0000] [7] [INFO] Listening at: http://0.0.0.0:8000', 'info'],
    ['[2026-01-02 03:04:05 +0000] [7] [CRITICAL] WORKER TIMEOUT', 'error'],
    ['2026/01/02 03:04:05 [warn] 7#7: an upstream response is buffered', 'warn'],
    ['time=2026-01-02T03:04:05Z level=warning msg="disk is filling"', 'warn'],
    ['level="error" msg=no', 'error'],
    ['error: no such table', 'error'],
    ['panic: runtime error', 'error'],
    ['/app/x.py:12: DeprecationWarning: use y', 'warn'],
    ['(node:7) ExperimentalWarning: this may change', 'warn'],
  ])('%s', (text, level) => {
    for (const stream of ['stdout', 'stderr'] as const)
      expect(readLine(text, stream)).toEqual({ level, message: text, facts: { stream } });
  });

  it.each([
    'started',
    'no errors found in 3 files',
    'INFORMATION is power',
    'the errors: none',
    'Warning signs were put up',
    `${'x'.repeat(200)} ERROR: too far away`,
    'level=constructor',
    '',
  ])('comes from the stream where no word gives one: %s', (text) => {
    expect(readLine(text, 'stdout').level).toBe('info');
    expect(readLine(text, 'stderr').level).toBe('error');
  });
});

describe('a JSON line', () => {
  it('keeps its level, its message and its fields', () => {
    const line = '{"level":"warning","msg":"slow","ms":1234,"query":{"table":"users"}}';
    expect(readLine(line, 'stderr')).toEqual({
      level: 'warn',
      message: 'slow',
      facts: { stream: 'stderr', ms: 1234, query: { table: 'users' } },
    });
  });

  it.each([
    ['"level":"INFO"', 'info'],
    ['"level":" Error "', 'error'],
    ['"severity":"CRITICAL"', 'error'],
    ['"levelname":"DEBUG"', 'debug'],
    ['"log_level":"warn"', 'warn'],
    ['"lvl":"fatal"', 'error'],
    ['"level":10', 'debug'],
    ['"level":30', 'info'],
    ['"level":40', 'warn'],
    ['"level":50', 'error'],
    ['"level":60', 'error'],
    ['"level":"loud","severity":"notice"', 'info'],
    ['"text":"x","record":{"level":{"name":"WARNING","no":30}}', 'warn'],
  ])('has the level of %s', (member, level) => {
    expect(readLine(`{${member},"message":"m"}`, 'stdout').level).toBe(level);
  });

  it.each([
    '"level":"constructor"',
    '"level":"__proto__"',
    '"level":null',
    '"level":{"a":1}',
    '"level":[30]',
    '"level":true',
    '"record":null',
    '"record":{"level":7}',
    '"level":""',
  ])('with a level that is none, %s, has that of its stream', (member) => {
    expect(readLine(`{${member},"message":"m"}`, 'stdout').level).toBe('info');
    expect(readLine(`{${member},"message":"m"}`, 'stderr').level).toBe('error');
  });

  it.each(['message', 'msg', 'event', 'text'])('has its message from %s', (key) => {
    const { message, facts } = readLine(`{"${key}":"hello","n":1}`, 'stdout');
    expect([message, facts]).toEqual(['hello', { stream: 'stdout', n: 1 }]);
  });

  it('keeps a message that is no text as a field, and a stream of its own under another name', () => {
    const { message, facts } = readLine('{"message":{"a":1},"stream":"orders"}', 'stdout');
    expect(message).toBe('');
    expect(facts).toEqual({ stream: 'stdout', message: { a: 1 }, app_stream: 'orders' });
  });

  it.each(['{"a":1', '[1,2]', '{}x', '"text"', '12', 'null', '{a:1}'])(
    'that is none, %s, is text',
    (text) => {
      expect(readLine(text, 'stdout')).toEqual({ level: 'info', message: text, facts: { stream: 'stdout' } });
    },
  );
});

it('any line at all gives an event with a level of ours', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.object().map((o) => JSON.stringify(o)),
  );
  fc.assert(
    fc.property(anything, (text) => {
      expect(['debug', 'info', 'warn', 'error']).toContain(readLine(text, 'stdout').level);
    }),
  );
});
