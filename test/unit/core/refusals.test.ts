import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../core/redact.ts';
import { RecentRefusals } from '../../../core/refusals.ts';
import { HandClock } from './lines.ts';

const REFUSAL = {
  filter: 'jwt',
  code: 'token_expired',
  mode: 'enforce',
  method: 'GET',
  path: '/a',
  client: '10.0.0.1',
  correlationId: 'id-number-1',
} as const;

function build() {
  let redactions = 0;
  const redactor = new Redactor({ onRedact: () => redactions++ });
  return { refusals: new RecentRefusals(new HandClock(), redactor), redactions: () => redactions };
}

describe('the newest refusals', () => {
  it('come newest first, and the oldest make room', () => {
    const { refusals } = build();
    for (let i = 0; i < 100; i++) refusals.note({ ...REFUSAL, path: `/${i}` });
    expect(refusals.newest(3).map(({ path }) => path)).toEqual(['/99', '/98', '/97']);
    expect(refusals.newest(1000).length).toBe(64);
    expect(refusals.totals()).toEqual([
      { filter: 'jwt', code: 'token_expired', mode: 'enforce', count: 100 },
    ]);
  });

  it('are redacted, once and only when somebody looks', () => {
    const { refusals, redactions } = build();
    refusals.note({ ...REFUSAL, path: '/reset/token=0123456789abcdef0123456789abcdef' });
    expect(redactions()).toBe(0);
    for (let i = 0; i < 3; i++) expect(refusals.newest(1)[0]?.path).not.toContain('0123456789abcdef');
    expect(redactions()).toBe(1);
  });

  it('are cut', () => {
    const { refusals } = build();
    refusals.note({ ...REFUSAL, path: `/${'x'.repeat(5000)}` });
    expect(refusals.newest(1)[0]?.path.length).toBeLessThan(200);
  });

  it('of another process are counted once each, however often they are told', () => {
    const [worker, primary] = [build().refusals, build().refusals];
    worker.note({ ...REFUSAL, path: '/1' });
    worker.note({ ...REFUSAL, path: '/2' });
    primary.absorb(worker.news());
    primary.absorb(worker.news());
    for (let i = 0; i < 100; i++) worker.note({ ...REFUSAL, path: `/${i}` });
    primary.absorb(worker.news());
    expect(primary.newest(2).map(({ path }) => path)).toEqual(['/99', '/98']);
    expect(primary.totals()).toEqual(worker.totals());
  });
});
