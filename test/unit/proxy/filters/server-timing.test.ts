import { describe, expect, it } from 'vitest';
import { Exchange, Reply } from '../../../../proxy/exchange.ts';
import { serverTiming } from '../../../../proxy/filters/server-timing.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';
import { HandClock } from '../../core/lines.ts';

function answered(upstreamMs: number, ...own: string[]): string[] {
  const clock = new HandClock();
  const x = new Exchange({} as Exchange['request'], {} as Exchange['client'], clock.monotonic());
  x.upstreamMs = upstreamMs;
  clock.turn(12);
  const reply = new Reply(200, new HeaderBlock(own), undefined, 'upstream');
  serverTiming({ clock }).response?.(x, reply);
  return reply.headers.list;
}

describe('server timing', () => {
  it('tells the time of the app from that of railguard', () => {
    expect(answered(10)).toEqual(['Server-Timing', 'app;dur=10.00, railguard;dur=2.00']);
  });

  it('names no app that was not asked', () => {
    expect(answered(-1)).toEqual(['Server-Timing', 'railguard;dur=12.00']);
  });

  it('leaves what the app said of itself', () => {
    expect(answered(10, 'Server-Timing', 'db;dur=3')).toEqual([
      'Server-Timing',
      'db;dur=3',
      'Server-Timing',
      'app;dur=10.00, railguard;dur=2.00',
    ]);
  });
});
