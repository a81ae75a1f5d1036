import { describe, expect, it } from 'vitest';
import { Ids } from '../../../../core/ids.ts';
import { Reply } from '../../../../proxy/exchange.ts';
import { correlation } from '../../../../proxy/filters/correlation.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { HandClock } from '../../core/lines.ts';
import { exchange } from './exchanges.ts';

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const clock = new HandClock();
const filter = correlation({ clock, ids: new Ids(clock) });

function idOf(headers: string[]): string {
  const x = exchange(headers);
  filter.request?.(x);
  return x.requestId;
}

describe('the request id', () => {
  it.each([
    ['its X-Correlation-ID', ['X-Correlation-ID', 'client.id-0001']],
    ['its X-Request-ID when it has no other', ['x-request-id', 'client.id-0001']],
    [
      'its X-Correlation-ID before its X-Request-ID',
      ['X-Request-ID', 'other-0002', 'x-correlation-id', 'client.id-0001'],
    ],
    [
      'its X-Request-ID when X-Correlation-ID is out of form',
      ['X-Correlation-ID', 'a b', 'X-Request-ID', 'client.id-0001'],
    ],
    [
      'its X-Request-ID when X-Correlation-ID stands twice',
      ['X-Correlation-ID', 'aaaaaaaa', 'X-Correlation-ID', 'bbbbbbbb', 'X-Request-ID', 'client.id-0001'],
    ],
  ])("is the client's: %s", (_title, headers) => {
    expect(idOf(headers)).toBe('client.id-0001');
  });

  it.each([['a'.repeat(8)], ['a'.repeat(128)], ['A-Z_a.z9']])('accepts %s', (id) => {
    expect(idOf(['X-Request-ID', id])).toBe(id);
  });

  it.each([
    ['nothing', []],
    ['seven characters', ['X-Correlation-ID', 'a'.repeat(7)]],
    ['129 characters', ['X-Correlation-ID', 'a'.repeat(129)]],
    ['an empty value', ['X-Correlation-ID', '']],
    ['a line feed at the end', ['X-Correlation-ID', 'aaaaaaaa\n']],
    ['markup', ['X-Correlation-ID', '<script>alert(1)</script>']],
    ['bytes above ASCII', ['X-Request-ID', 'aaaaaaa\xe9']],
    ['two lines of one name', ['X-Request-ID', 'aaaaaaaa', 'X-Request-ID', 'bbbbbbbb']],
    ['an alias spelling', ['X_Correlation_ID', 'client.id-0001']],
  ])('is a new UUIDv7 when the client sends %s', (_title, headers) => {
    expect(idOf(headers)).toMatch(UUID7);
  });
});

describe('the upstream', () => {
  it('gets the same id under both names, and the trace', () => {
    const x = exchange([
      'X-Request-ID',
      'client.id-0001',
      'Traceparent',
      TRACEPARENT,
      'tracestate',
      'a=1',
      'Tracestate',
      'b=2',
    ]);
    filter.request?.(x);
    expect(x.upstreamHeaders).toEqual([
      'X-Correlation-ID',
      'client.id-0001',
      'X-Request-ID',
      'client.id-0001',
      'traceparent',
      x.trace?.traceparent,
      'tracestate',
      'a=1,b=2',
    ]);
    expect(x.trace?.traceparent).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it('gets a new trace and no tracestate when the client sends two traceparents', () => {
    const x = exchange(['traceparent', TRACEPARENT, 'Traceparent', TRACEPARENT, 'tracestate', 'a=1']);
    filter.request?.(x);
    expect(x.upstreamHeaders).not.toContain('tracestate');
    expect(x.trace?.traceparent).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });
});

describe('the response', () => {
  it("carries the id and the time taken, in place of the app's own", () => {
    const x = exchange(['X-Request-ID', 'client.id-0001'], {}, clock.monotonic() - 12.345);
    filter.request?.(x);
    const headers = new HeaderBlock([
      'x-request-id',
      'app',
      'X-Correlation-Id',
      'app',
      'X-CORRELATION-ID',
      'app again',
      'X-Response-Time',
      '1s',
    ]);
    const reply = new Reply(200, headers, undefined, 'upstream');
    filter.response?.(x, reply);
    expect(headers.list).toEqual([
      'X-Correlation-ID',
      'client.id-0001',
      'X-Request-ID',
      'client.id-0001',
      'X-Response-Time',
      expect.stringMatching(/^12\.3[45]ms$/),
    ]);
  });
});
