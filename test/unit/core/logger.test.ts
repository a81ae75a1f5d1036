import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../config/secret.ts';
import { keptLog } from './lines.ts';

const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/;

describe('a log line', () => {
  it('has its keys in one order, whatever the order of the facts', () => {
    const { log, kept } = keptLog();
    log.info('request_performance', 'GET / 200', { status_code: 200, correlation_id: 'abcdefgh', path: '/' });
    expect(kept.lines).toEqual([
      '{"level":"info","time":"2026-01-02T03:04:05.678Z","message":"GET / 200","event_type":"request_performance",' +
        '"correlation_id":"abcdefgh","status_code":200,"path":"/"}\n',
    ]);
  });

  it('reaches the sink with its level', () => {
    const { log, kept } = keptLog();
    log.debug('lifecycle', 'a');
    log.info('lifecycle', 'b');
    log.warn('lifecycle', 'c');
    log.error('lifecycle', 'd');
    expect(kept.levels).toEqual(['debug', 'info', 'warn', 'error']);
    expect(kept.parsed.map((line) => line.level)).toEqual(['debug', 'info', 'warn', 'error']);
  });

  it('below the configured level is not written', () => {
    const { log, kept } = keptLog({ level: 'warn' });
    log.debug('lifecycle', 'a');
    log.info('lifecycle', 'b');
    log.warn('lifecycle', 'c');
    expect(kept.parsed.map((line) => line.message)).toEqual(['c']);
    expect([log.enabled('info'), log.enabled('warn')]).toEqual([false, true]);
  });

  it('keeps its own keys when facts bear the same names', () => {
    const { log, kept } = keptLog();
    log.error('app_log', 'mine', { level: 'debug', message: 'theirs', time: 0, event_type: 'refusal' });
    expect(kept.lines[0]?.match(/"message":/g)).toHaveLength(1);
    expect(kept.parsed[0]).toMatchObject({
      level: 'error',
      message: 'mine',
      event_type: 'app_log',
      fact_level: 'debug',
      fact_message: 'theirs',
    });
  });

  it('describes an error under any key, with its causes', () => {
    const { log, kept } = keptLog();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    log.error('upstream_error', 'failed', { err: new TypeError('outer', { cause }), error: cause });
    const [line] = kept.parsed;
    expect(line?.message).toBe('failed');
    expect(line?.err).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      cause: { code: 'ECONNREFUSED', message: 'refused' },
    });
    expect(line?.error).toMatchObject({ name: 'Error', stack: expect.stringContaining('refused') });
  });

  it('ends a chain of causes that has no end', () => {
    const { log, kept } = keptLog();
    let error = new Error('innermost');
    for (let i = 0; i < 50; i++) error = new Error(`level ${i}`, { cause: error });
    const loop = new Error('loop');
    loop.cause = loop;
    log.error('upstream_error', 'failed', { error, loop });
    expect(kept.lines[0]?.match(/"message":"level/g)?.length).toBeLessThan(10);
    expect(kept.parsed[0]?.loop).toMatchObject({ cause: '[circular]' });
  });

  it('survives facts that fight back', () => {
    const { log, kept } = keptLog();
    const circular: Record<string, unknown> = { big: 10n, list: new Array(5000).fill(1) };
    circular.me = circular;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const facts = {
      circular,
      revoked: proxy,
      get thrower() {
        throw new Error('no');
      },
      json: {
        toJSON() {
          throw new Error('no');
        },
      },
      nan: Number.NaN,
      symbol: Symbol('s'),
      call: () => 1,
      secret: new Secret('correct horse battery staple'),
      bytes: Buffer.from('secret bytes'),
      text: 'x'.repeat(100_000),
      message: Object.create(null),
    };
    log.warn('lifecycle', 'still here', facts);
    log.warn('lifecycle', 'and here', proxy);
    expect(kept.parsed[0]).toMatchObject({
      circular: { big: '10', me: '[circular]' },
      revoked: '[unreadable]',
      thrower: '[unreadable]',
      json: '[unreadable]',
      nan: null,
      symbol: 'Symbol(s)',
      secret: '[redacted]',
      bytes: '[12 bytes]',
    });
    expect(kept.parsed[1]).toMatchObject({ message: 'and here' });
    expect(kept.lines[0]?.length).toBeLessThan(50_000);
  });

  it.each([true, false])('is one line without control bytes for any text (json: %s)', (json) => {
    const { log, kept } = keptLog({ json });
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, text, text, (message, key, value) => {
        kept.lines.length = 0;
        log.info('app_log', message, { [key]: value, list: [value] });
        const line = kept.lines[0] as string;
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(CONTROLS.test(line)).toBe(false);
        if (json) expect((JSON.parse(line) as { message: string }).message).toBe(message.toWellFormed());
      }),
      { numRuns: 300 },
    );
  });

  it('escapes what JSON itself leaves raw', () => {
    const { log, kept } = keptLog();
    log.info('app_log', '\x7f\x9b\u2028\u202e\u2066', { '\x85': '\u2029' });
    expect(kept.lines[0]).toContain('"\\u007f\\u009b\\u2028\\u202e\\u2066"');
    expect(kept.lines[0]).toContain('"\\u0085":"\\u2029"');
    expect(kept.parsed[0]?.message).toBe('\x7f\x9b\u2028\u202e\u2066');
  });

  it('can not be forged by an attacker that writes line feeds, quotes and escape codes', () => {
    const { log, kept } = keptLog({ json: false, colour: false });
    log.info('request_performance', 'GET /a\n{"level":60}\x1b[2J\u202e', { user: 'x"},{"a":"\r\n\x9b2J' });
    expect(kept.lines).toEqual([
      '03:04:05.678 INFO  GET /a\\n{"level":60}\\u001b[2J\\u202e request_performance user="x\\"},{\\"a\\":\\"\\r\\n\\u009b2J"\n',
    ]);
  });
});

describe('redaction', () => {
  it('stands on the serialised line, so that nothing passes beside it', () => {
    const { log, kept } = keptLog({ redact: (line) => line.replaceAll('hunter2', '[redacted]') });
    log.error('upstream_error', 'hunter2', { deep: [{ er: new Error('hunter2') }], hunter2: true });
    expect(kept.lines[0]).not.toContain('hunter2');
    expect(kept.parsed[0]?.message).toBe('[redacted]');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['breaks the line', (line: string) => line.replace('"hunter2', '[redacted]')],
  ])('that %s costs the line its content, not the process', (_how, redact) => {
    const { log, kept } = keptLog({ redact });
    log.warn('lifecycle', 'hunter2');
    expect(kept.lines[0]).not.toContain('hunter2');
    expect(kept.parsed[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('withheld') });
  });
});
