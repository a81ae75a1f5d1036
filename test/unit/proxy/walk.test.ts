import { describe, expect, it } from 'vitest';
import type { Core } from '../../../core/core.ts';
import { Lifecycle } from '../../../core/lifecycle.ts';
import { Metrics } from '../../../core/metrics.ts';
import { Redactor } from '../../../core/redact.ts';
import { type Filter, Reply } from '../../../proxy/exchange.ts';
import { HeaderBlock } from '../../../proxy/header-block.ts';
import { Problem } from '../../../proxy/problem.ts';
import { type Forward, Walk } from '../../../proxy/walk.ts';
import { HandClock, keptLog } from '../core/lines.ts';
import { exchange } from './filters/exchanges.ts';

/** What a client gets of a chain of one filter. */
function answered(filter: Filter, redactor: Pick<Redactor, 'text'> = new Redactor()) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const metrics = new Metrics({ version: '0' });
  const core = { log, metrics, redactor, clock, lifecycle: new Lifecycle(), version: '0' } as unknown as Core;
  const forward: Forward = (x, to) => to.answered(x, new Reply(200, new HeaderBlock(), 'fine', 'upstream'));
  const walk = new Walk({ filters: [filter], forward, core, reportOnly: new Set() });
  const replies: Reply[] = [];
  walk.start(exchange([], {}, 0), { send: (reply) => replies.push(reply), interim() {} });
  return { reply: replies[0] as Reply, kept };
}

const refusing = (problem: Error): Filter => ({
  name: 'refusing',
  request() {
    throw problem;
  },
});

describe('the document of a refusal', () => {
  it('holds no secret that its words or members quote', () => {
    const detail = 'No connection to postgres://app:s3cr3t-pw@db/app.';
    const members = { policy: 'password=hunter2hunter2' };
    const { reply } = answered(refusing(new Problem('forbidden', { detail, members })));
    expect(reply.status).toBe(403);
    expect(JSON.parse(reply.body as string)).toMatchObject({ code: 'forbidden', status: 403 });
    expect(reply.body).not.toMatch(/s3cr3t-pw|hunter2hunter2/);
  });

  it('says nothing of what was thrown', () => {
    const { reply, kept } = answered(refusing(new Error('at /srv/app: s3cr3t')));
    expect(reply.status).toBe(500);
    expect(reply.body).not.toMatch(/srv|s3cr3t/);
    expect(kept.lines.join()).toContain('at /srv/app');
  });

  it('is empty when it can not be redacted', () => {
    const failing = {
      text() {
        throw new Error('no');
      },
    };
    const { reply } = answered(refusing(new Problem('forbidden', { detail: 's3cr3t' })), failing);
    expect([reply.status, reply.body]).toEqual([403, '']);
  });
});
