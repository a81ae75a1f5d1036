/** railguard outlives its app, starts before it, and says plainly why it can not start at all. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { freePort, until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

let app: Uvicorn | undefined;
let railguard: Railguard | undefined;

afterEach(async () => {
  await railguard?.kill();
  await app?.stop();
  railguard = undefined;
  app = undefined;
});

const expectUnreachable = (answer: Awaited<ReturnType<typeof call>>) => {
  expect(answer.status).toBe(502);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const problem = JSON.parse(answer.body.toString());
  expect(problem).toMatchObject({ status: 502, code: 'upstream_unreachable', detail: expect.any(String) });
  expect(problem.correlation_id).toBe(answer.headers['x-correlation-id']);
  expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|ECONN|node:/);
};

describe('the app', () => {
  it('may come up later than railguard', async () => {
    const port = await freePort();
    railguard = await startRailguard({
      wait: 'listening',
      env: { UPSTREAM_URL: `http://127.0.0.1:${port}` },
    });
    expect(await railguard.readiness()).toBe(503);
    expect((await call({ port: railguard.port, path: '/health' })).status).toBe(503);
    expectUnreachable(await call({ port: railguard.port, path: '/' }));
    app = await startUvicorn({ port });
    const { port: front } = railguard;
    expect((await call({ port: front, path: '/' })).status).toBe(200);
    await until('railguard is ready', 10_000, async () => (await railguard?.readiness()) === 200);
    expect((await call({ port: front, path: '/health' })).status).toBe(200);
  });

  it('may die in the middle of traffic and come back', async () => {
    app = await startUvicorn();
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url } });
    const { port } = railguard;
    const cut = call({ port, path: '/slow?s=30' });
    const stream = call({ port, path: '/events?count=300' }).then(
      () => 'whole',
      () => 'cut',
    );
    for (let i = 0; i < 50; i += 1) expect((await call({ port, path: '/' })).status).toBe(200);
    await sleep(300);
    await app.child.stop('SIGKILL', 1000);
    expect((await cut).status).toBe(502);
    expect(await stream).toBe('cut');
    expectUnreachable(await call({ port, path: '/' }));
    await until('railguard is not ready', 10_000, async () => (await railguard?.readiness()) === 503);
    app = await startUvicorn({ port: app.port });
    expect((await call({ port, path: '/' })).status).toBe(200);
    await until('railguard is ready again', 10_000, async () => (await railguard?.readiness()) === 200);
  });
});

describe('the start', () => {
  it.each(['public', 'admin'] as const)('ends with 69 when the %s port is taken', async (which) => {
    const taken = await freePort();
    const holder = net.createServer().listen(taken, '127.0.0.1');
    const options = which === 'public' ? { port: taken } : { adminPort: taken };
    railguard = await startRailguard({ ...options, wait: 'none', env: { HOST: '127.0.0.1' } });
    expect(await railguard.child.exited).toEqual({ code: 69, signal: null });
    expect(railguard.child.tail()).toContain(String(taken));
    holder.close();
  });

  it('ends with 64 and names every bad setting at once', async () => {
    const env = { PORT: 'eighty', UPSTREAM_URL: 'ftp://app', MAX_BODY_SIZE: 'huge', HEADER_TIMEOUT: 'soon' };
    railguard = await startRailguard({ wait: 'none', env });
    expect(await railguard.child.exited).toEqual({ code: 64, signal: null });
    for (const name of Object.keys(env)) expect(railguard.child.stderr.join('\n')).toContain(name);
  });
});
