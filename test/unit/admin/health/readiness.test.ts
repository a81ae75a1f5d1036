import { describe, expect, it } from 'vitest';
import { ReadinessCheck } from '../../../../admin/health/readiness.ts';
import { Lifecycle, type Probe, type ProbeResult } from '../../../../core/lifecycle.ts';
import { HandClock, keptLog } from '../../core/lines.ts';
import { startPort } from '../port.ts';

const probe = (name: string, check: Probe['check'], critical = true): Probe => ({ name, critical, check });
const fine = () => ({ ok: true });
const down = () => ({ ok: false, message: 'The application does not answer.' });

function checkOf(probes: Probe[], timeout = 50) {
  const clock = new HandClock();
  const lifecycle = new Lifecycle();
  lifecycle.serving();
  const { log, kept } = keptLog();
  return { clock, lifecycle, kept, check: new ReadinessCheck({ probes, lifecycle, clock, log, timeout }) };
}

describe('readiness', () => {
  it('is refused while starting, given while serving, and refused at once when draining', async () => {
    const { get, lifecycle } = await startPort({ probes: [probe('upstream', fine)] });
    const starting = await get('/health/readiness');
    expect([starting.status, await starting.json()]).toEqual([
      503,
      { status: 'not_ready', checks: { lifecycle: { ok: false, message: 'The instance is starting.' } } },
    ]);
    lifecycle.serving();
    const serving = await get('/health/readiness');
    expect([serving.status, await serving.json()]).toEqual([
      200,
      { status: 'ready', checks: { upstream: { ok: true } } },
    ]);
    lifecycle.drain();
    const draining = await get('/health/readiness');
    expect(draining.status).toBe(503);
    expect(await draining.json()).toMatchObject({
      status: 'not_ready',
      checks: { lifecycle: { ok: false } },
    });
  });

  it('falls with a critical probe, not with another', async () => {
    const { check } = checkOf([probe('upstream', fine), probe('redis', down, false)]);
    expect((await check.read()).status).toBe('ready');
    const critical = checkOf([probe('upstream', down), probe('redis', fine, false)]);
    expect(await critical.check.read()).toEqual({
      status: 'not_ready',
      checks: { upstream: { ok: false, message: 'The application does not answer.' }, redis: { ok: true } },
    });
  });

  it('does not wait for a probe that hangs, nor show what one threw', async () => {
    const { check, kept } = checkOf([
      probe('hangs', () => new Promise<ProbeResult>(() => {})),
      probe('throws', () => {
        throw new Error('postgres://user:password@db');
      }),
      probe('rejects', () => Promise.reject(new Error('no'))),
    ]);
    const { status, checks } = await check.read();
    expect(status).toBe('not_ready');
    expect(checks).toEqual({
      hangs: { ok: false, message: 'The check gave no answer in time.' },
      throws: { ok: false, message: 'The check failed.' },
      rejects: { ok: false, message: 'The check failed.' },
    });
    expect(kept.parsed.map((line) => line.message)).toEqual([
      'Readiness check throws failed',
      'Readiness check rejects failed',
    ]);
  });

  it('asks all probes at the same time', async () => {
    let release: (result: ProbeResult) => void = () => {};
    const first = probe(
      'first',
      () =>
        new Promise<ProbeResult>((resolve) => {
          release = resolve;
        }),
    );
    const second = probe('second', () => {
      release({ ok: true });
      return { ok: true };
    });
    expect((await checkOf([first, second], 5000).check.read()).status).toBe('ready');
  });

  it('asks once a second, however often it is asked', async () => {
    let asked = 0;
    const { check, clock } = checkOf([
      probe('upstream', () => {
        asked++;
        return { ok: true };
      }),
    ]);
    await Promise.all(Array.from({ length: 100 }, () => check.read()));
    clock.turn(999);
    await check.read();
    expect(asked).toBe(1);
    clock.turn(1);
    await check.read();
    expect(asked).toBe(2);
  });

  it('turns when draining starts while a probe is being asked', async () => {
    const { check, lifecycle } = checkOf([
      probe('upstream', async () => {
        lifecycle.drain();
        return { ok: true };
      }),
    ]);
    expect((await check.read()).status).toBe('not_ready');
  });
});
