import { describe, expect, it } from 'vitest';
import { Audit, type AuditFacts, LogAudit, RingAudit } from '../../../core/audit.ts';
import { Redactor } from '../../../core/redact.ts';
import { HandClock, keptLog } from './lines.ts';

const SECRET = 'correct-horse-battery-staple';

function setup(capacity = 100) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const ring = new RingAudit(capacity);
  const redactor = new Redactor({ secrets: [{ name: 'JWT_SECRET_KEY', value: SECRET }] });
  const audit = new Audit({ clock, redactor, sinks: [ring, new LogAudit(log)] });
  const record = (more: Partial<AuditFacts> = {}) =>
    audit.record({ type: 'authentication', action: 'token_accepted', outcome: 'success', ...more });
  return { clock, kept, ring, record };
}

describe('the audit', () => {
  it('keeps the newest events, newest first, and no more than it may', () => {
    const { ring, record } = setup(10);
    for (let i = 0; i < 25; i++) record({ subject: `u${i}` });
    expect(ring.query({ limit: 3 }).map(({ subject }) => subject)).toEqual(['u24', 'u23', 'u22']);
    expect(ring.query({ limit: 1000 })).toHaveLength(10);
  });

  it('is asked by time, type and subject', () => {
    const { clock, ring, record } = setup();
    record({ subject: 'a' });
    clock.turn(1000);
    record({ subject: 'b', type: 'session', action: 'opened' });
    record({ subject: 'a' });
    expect(ring.query({ limit: 10, since: clock.now() })).toHaveLength(2);
    expect(ring.query({ limit: 10, type: 'session' })).toHaveLength(1);
    expect(ring.query({ limit: 10, subject: 'a' })).toHaveLength(2);
    expect(ring.query({ limit: 10, subject: 'a', since: clock.now() })).toHaveLength(1);
  });

  it('goes on where a page ended, and nowhere when that event is gone', () => {
    const { ring, record } = setup(10);
    for (let i = 0; i < 10; i++) record({ subject: `u${i}` });
    const [, , third] = ring.query({ limit: 3 });
    const before = third?.id;
    expect(ring.query({ limit: 3, before }).map(({ subject }) => subject)).toEqual(['u6', 'u5', 'u4']);
    expect(ring.query({ limit: 3, before, subject: 'u1' })).toHaveLength(1);
    for (let i = 0; i < 10; i++) record({});
    expect(ring.query({ limit: 3, before })).toEqual([]);
  });

  it('holds no secret, and no text of any length', () => {
    const { kept, ring, record } = setup();
    record({ path: `/reset/${SECRET}`, subject: 'x'.repeat(10_000) });
    const [event] = ring.query({ limit: 1 });
    expect(JSON.stringify([event, ...kept.lines])).not.toContain(SECRET);
    expect(event?.subject).toHaveLength(257);
  });

  it('writes each event as a line, a failure as a warning', () => {
    const { kept, record } = setup();
    record({ subject: 'a' });
    record({ outcome: 'failure', action: 'credential_refused', reason: 'signature' });
    record({ type: 'revocation', action: 'revoked_sub' });
    record({ type: 'admin_access', action: 'read' });
    expect(kept.parsed.map(({ level, event_type, audit }) => [level, event_type, audit])).toEqual([
      ['info', 'authentication', 'authentication'],
      ['warn', 'authentication', 'authentication'],
      ['info', 'session', 'revocation'],
      ['info', 'authentication', 'admin_access'],
    ]);
  });
});
