import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../../demo/sample-app.ts';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

const TOKEN = 'a-token-of-at-least-thirty-two-characters';
const authorised = { headers: { authorization: `Bearer ${TOKEN}` } };

describe('the admin port of a running proxy', () => {
  let app: SampleApp;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startSampleApp();
    railguard = await startRailguard({
      env: {
        UPSTREAM_URL: `http://127.0.0.1:${app.port}`,
        ADMIN_TOKEN: TOKEN,
        ADMIN_HOST: '127.0.0.1',
        LOG_LEVEL: 'info',
      },
    });
  });

  afterAll(async () => {
    await railguard?.kill();
    await app?.close();
  });

  it('counts what passed the public port, under bounded names', async () => {
    await (await fetch(`${railguard.url}/`)).text();
    await (await fetch(`${railguard.url}/nothing-${Date.now()}`, { method: 'PROPFIND' })).text();
    await until('the requests are counted', 2000, async () => {
      const text = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
      return (
        text.includes('http_requests_total{method="GET",endpoint="other",status="200"} 1') &&
        text.includes('http_requests_total{method="OTHER",endpoint="other",status="404"} 1') &&
        !text.includes('nothing-')
      );
    });
  });

  it('is apart from the public port: neither answers for the other', async () => {
    for (const path of ['/metrics', '/config', '/health/readiness']) {
      const answer = await fetch(`${railguard.url}${path}`);
      expect([answer.status, await answer.json()]).toEqual([404, { detail: 'Not Found' }]);
    }
    expect((await fetch(`${railguard.adminUrl}/echo`)).status).toBe(404);
  });

  it('masks secrets in the configuration it shows', async () => {
    const text = await (await fetch(`${railguard.adminUrl}/config`, authorised)).text();
    expect(text).toContain(`127.0.0.1:${app.port}`);
    expect(text).not.toContain(TOKEN);
  });

  it('logs a wrong token as a failed authentication, without the token', async () => {
    const wrong = 'a-wrong-token-that-nobody-should-see';
    await fetch(`${railguard.adminUrl}/config`, { headers: { authorization: `Bearer ${wrong}` } });
    await until('the failure is logged', 2000, () =>
      railguard.logs().some((line) => line.event_type === 'authentication' && line.outcome === 'failure'),
    );
    expect(railguard.child.stdout.join('\n')).not.toContain(wrong);
  });

  it('logs one line for each request, under the id of the client', async () => {
    const id = `integration-${process.pid}`;
    await (
      await fetch(`${railguard.url}/echo?token=not-for-the-log`, { headers: { 'x-request-id': id } })
    ).text();
    const mine = () => railguard.logs().filter((line) => line.correlation_id === id);
    await until('the request is logged', 2000, () => mine().length > 0);
    expect(mine()).toEqual([
      expect.objectContaining({
        event_type: 'request_performance',
        path: '/echo',
        status_code: 200,
        outcome: 'complete',
      }),
    ]);
    expect(railguard.child.stdout.join('\n')).not.toContain('not-for-the-log');
  });

  it('is not ready once the app is gone', async () => {
    await app.close();
    await until('readiness turns', 15_000, async () => (await railguard.readiness()) === 503, 200);
  });
});

describe('an admin port that is taken', () => {
  it('ends the start with 69 and a line that names it', async () => {
    const first = await startRailguard({
      env: { UPSTREAM_URL: `http://127.0.0.1:${await freePort()}` },
      wait: 'listening',
    });
    const second = await startRailguard({ adminPort: first.adminPort, wait: 'none' });
    const exit = await second.child.exited;
    await first.kill();
    expect(exit.code).toBe(69);
    expect(second.child.tail()).toContain(String(first.adminPort));
  });
});
