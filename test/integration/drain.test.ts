/** SIGTERM loses no request: what is in flight is finished, what is idle is closed, then railguard ends with 0. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { H2Client } from '../harness/h2.ts';
import { listening, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const LANES = 64;

interface Tally {
  done: number;
  failed: string[];
}

/** Requests on one kept connection until the port is gone or the connection is announced to end. */
async function lane(port: number, index: number, tally: Tally, stopped: () => boolean): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const body = Buffer.alloc(2000 + index, index);
  for (let i = 0; ; i += 1) {
    try {
      const answer =
        i % 3 === 0
          ? await call({ port, path: '/mirror', method: 'POST', body, agent })
          : await call({ port, path: i % 3 === 1 ? '/slow?s=0.03' : '/bytes?n=20000', agent });
      if (answer.status === 200) tally.done += 1;
      else tally.failed.push(`${answer.status} ${answer.body.toString().slice(0, 200)}`);
      if (stopped() && answer.headers.connection === 'close') break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') tally.failed.push(String(error));
      break;
    }
  }
  agent.destroy();
}

describe('draining', () => {
  let app: Uvicorn;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startUvicorn();
  });
  afterEach(async () => {
    await railguard.kill();
  });
  afterAll(async () => {
    await app?.stop();
  });

  const start = async () => {
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url } });
  };

  it('under load of 64 connections fails not one request and ends with 0', async () => {
    await start();
    const tally: Tally = { done: 0, failed: [] };
    let term = false;
    const lanes = Array.from({ length: LANES }, (_, i) => lane(railguard.port, i, tally, () => term));
    await sleep(700);
    const before = tally.done;
    term = true;
    railguard.child.kill('SIGTERM');
    await Promise.all(lanes);
    expect(before).toBeGreaterThan(LANES);
    expect(tally.failed).toEqual([]);
    expect(await railguard.child.exited).toEqual({ code: 0, signal: null });
  });

  it('finishes slow answers and event streams in flight, over HTTP/1.1 and h2c', async () => {
    await start();
    const { port } = railguard;
    const h2 = new H2Client(port);
    const before = await app.stats();
    const inFlight = [
      call({ port, path: '/slow?s=1.2' }),
      call({ port, path: '/events?count=13' }),
      h2.call({ path: '/slow?s=1.2' }),
      h2.call({ path: '/events?count=13' }),
    ];
    await until('all are at the app', 3000, async () => {
      const now = await app.stats();
      return (
        now.waits_started === before.waits_started + 2 && now.streams_opened === before.streams_opened + 2
      );
    });
    railguard.child.kill('SIGTERM');
    await until('the port is closed', 500, async () => !(await listening(port)));
    const [slow1, events1, slow2, events2] = await Promise.all(inFlight);
    expect(JSON.parse(slow1?.body.toString() ?? '')).toEqual({ slept: 1.2 });
    expect(JSON.parse(slow2?.body.toString() ?? '')).toEqual({ slept: 1.2 });
    expect(events1?.body.toString().match(/^event: /gm)).toHaveLength(13);
    expect(events2?.body.toString().match(/^event: /gm)).toHaveLength(13);
    expect(await railguard.child.exited).toEqual({ code: 0, signal: null });
    h2.close();
  });

  it('closes idle connections at once, and is not ready any more while others finish', async () => {
    await start();
    const { port } = railguard;
    const idle = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(port)));
    for (const client of idle) {
      client.send('GET /health HTTP/1.1\r\nHost: app.test\r\n\r\n');
      expect((await client.response()).status).toBe(200);
    }
    const slow = call({ port, path: '/slow?s=2.5' });
    await sleep(300);
    railguard.child.kill('SIGTERM');
    for (const client of idle) await client.closed(2000);
    expect(await railguard.readiness()).toBe(503);
    expect((await slow).status).toBe(200);
    expect(await railguard.child.exited).toEqual({ code: 0, signal: null });
  });

  it('ends at once on a second signal', async () => {
    await start();
    const slow = call({ port: railguard.port, path: '/slow?s=20' }).then(
      () => 'answered',
      () => 'cut',
    );
    await sleep(300);
    railguard.child.kill('SIGTERM');
    await sleep(300);
    expect(railguard.child.exit).toBeUndefined();
    railguard.child.kill('SIGTERM');
    await until('railguard has ended', 1000, () => railguard.child.exit !== undefined);
    expect(await slow).toBe('cut');
  });

  it('gives up on what takes longer than SHUTDOWN_TIMEOUT', async () => {
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, SHUTDOWN_TIMEOUT: '500ms' } });
    const slow = call({ port: railguard.port, path: '/slow?s=20' }).then(
      () => 'answered',
      () => 'cut',
    );
    await sleep(300);
    railguard.child.kill('SIGTERM');
    await until('railguard has ended', 2500, () => railguard.child.exit !== undefined);
    expect(await slow).toBe('cut');
  });
});
