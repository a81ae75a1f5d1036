import { describe, expect, it } from 'vitest';
import { auditRoute } from '../../../admin/audit.ts';
import { poolRoute } from '../../../admin/pool.ts';
import { type AuditEvent, RingAudit } from '../../../core/audit.ts';
import { startPort } from './port.ts';

describe('GET /pool', () => {
  it('says null three times where there is no database', async () => {
    const { admin, get } = await startPort();
    admin.registerRoute(poolRoute(undefined, undefined));
    const answer = await get('/pool');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ railguard: null, server: null, pooler: null });
  });
});

describe('GET /audit', () => {
  const event = (id: string): AuditEvent => ({
    id: `01a210cf-0000-7000-8000-00000000000${id}`,
    time: '2026-01-01T00:00:00.000Z',
    type: 'session',
    action: id,
    outcome: 'success',
  });

  it('is read page by page to the end', async () => {
    const { admin, get } = await startPort();
    const ring = new RingAudit(10);
    admin.registerRoute(auditRoute(ring));
    for (const id of ['1', '2', '3', '4', '5']) ring.write(event(id));
    const pages: string[][] = [];
    for (let next: string | null = ''; next !== null; ) {
      const answer = await get(`/audit?limit=2${next === '' ? '' : `&before=${next}`}`);
      const page = (await answer.json()) as { events: AuditEvent[]; next: string | null };
      pages.push(page.events.map(({ action }) => action));
      next = page.next;
    }
    expect(pages).toEqual([['5', '4'], ['3', '2'], ['1']]);
  });

  it('refuses a page mark that is none', async () => {
    const { admin, get } = await startPort();
    admin.registerRoute(auditRoute(new RingAudit(10)));
    const answer = await get("/audit?before=1'--");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'request_malformed' });
  });
});
