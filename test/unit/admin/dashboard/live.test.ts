import http, { type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createDashboard } from '../../../../admin/dashboard/dashboard.ts';
import { MAX_PAGES } from '../../../../admin/dashboard/live.ts';
import type { Sources } from '../../../../admin/dashboard/sources.ts';
import { RingAudit } from '../../../../core/audit.ts';
import { Metrics } from '../../../../core/metrics.ts';
import { StoreUnavailable } from '../../../../core/sessions.ts';
import { bearer, startPort, TOKEN } from '../port.ts';

const lines: IncomingMessage[] = [];
afterEach(() => {
  for (const line of lines.splice(0)) line.destroy();
});

const EMPTY = {
  status: 'healthy',
  timestamp: '',
  uptime_seconds: 1,
  version: '1',
  environment: 'test',
} as const;

async function start(change: Partial<Sources> = {}) {
  const port = await startPort({ token: TOKEN });
  const { admin, clock, lifecycle } = port;
  const sources: Sources = {
    clock,
    version: '1.2.3',
    environment: 'test',
    replica: undefined,
    metrics: new Metrics({ version: '1' }, clock),
    health: { read: () => Promise.resolve({ ...EMPTY, checks: {} }) },
    components: () => [],
    refusals: undefined,
    pool: undefined,
    secrets: undefined,
    sessions: undefined,
    audit: undefined,
    ...change,
  };
  const dashboard = createDashboard({
    sources,
    lifecycle,
    auth: admin.auth,
    access: admin.access,
    every: 20,
  });
  for (const route of dashboard.routes) admin.registerRoute(route);
  return { ...port, dashboard, sources };
}

/** A live line, and the texts that came over it. */
function join(port: number): Promise<{ line: IncomingMessage; texts: string[]; ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', path: '/live', ...bearer(TOKEN) }, (line) => {
        lines.push(line);
        const texts: string[] = [];
        line.on('data', (chunk: Buffer) => texts.push(chunk.toString()));
        const ended = new Promise<void>((done) => line.once('end', done));
        resolve({ line, texts, ended });
      })
      .once('error', reject);
  });
}

describe('the page', () => {
  it('shows without any of its sources, and says what is not there', async () => {
    const { get } = await start();
    const body = await (await get('/', bearer(TOKEN))).text();
    for (const text of [
      'No database is configured.',
      'Secrets are not watched here.',
      'there are no sessions',
    ])
      expect(body).toContain(text);
  });

  it('shows without a part that fails or does not answer', async () => {
    const { get } = await start({
      pool: () => Promise.reject(new Error('secret detail')),
      sessions: {
        list: () => Promise.reject(new StoreUnavailable('away')),
        end: () => Promise.resolve(false),
        revoke: () => Promise.reject(new Error('no')),
      },
    });
    const body = await (await get('/', bearer(TOKEN))).text();
    expect(body).toContain('This can not be read at the moment.');
    expect(body).toContain('The session store does not answer.');
    expect(body).not.toContain('secret detail');
  });

  it('finds in the audit what is searched for, also without a script', async () => {
    const audit = new RingAudit();
    const event = {
      type: 'session',
      action: 'ended',
      outcome: 'success',
      time: '2026-01-02T03:04:05.000Z',
    } as const;
    audit.write({ ...event, id: '1', subject: 'wanted' });
    audit.write({ ...event, id: '2', subject: 'unwanted' });
    const { get } = await start({ audit });
    const body = await (await get('/?type=session&subject=wanted&within=', bearer(TOKEN))).text();
    expect(body).toContain('<td class="opt">wanted</td>');
    expect(body).not.toContain('<td class="opt">unwanted</td>');
    expect(body).toContain('value="wanted"');
  });

  it('gives one part alone, and none that is not there', async () => {
    const { get } = await start();
    expect(await (await get('/parts/connections', bearer(TOKEN))).text()).toContain('WebSockets');
    expect((await get('/parts/nothing', bearer(TOKEN))).status).toBe(404);
  });
});

describe('the live line', () => {
  it('sends parts that changed, and a beat', async () => {
    const { port, sources } = await start();
    const { texts } = await join(port);
    const all = (): string => texts.join('');
    await expect.poll(all, { timeout: 5000 }).toContain('event: beat');
    expect(all()).toContain('"name":"traffic"');
    const before = texts.length;
    sources.metrics.connections.websocket.inc();
    await expect.poll(() => texts.length, { timeout: 5000 }).toBeGreaterThan(before);
    const later = texts.slice(before).join('');
    expect(later).toContain('"name":"connections"');
    expect(later).not.toContain('"name":"refusals"');
  });

  it('is given to a bounded number of pages', async () => {
    const { port, get } = await start();
    for (let i = 0; i < MAX_PAGES; i++) await join(port);
    expect((await get('/live', bearer(TOKEN))).status).toBe(503);
  });

  it('ends with the process, and when it is drained', async () => {
    const first = await start();
    const one = await join(first.port);
    first.dashboard.close();
    await one.ended;
    const second = await start();
    const other = await join(second.port);
    second.lifecycle.drain();
    await other.ended;
  });
});
