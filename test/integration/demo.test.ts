import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

const run = promisify(execFile);

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Runs a printed line as a reader would, in a plain shell; curl ends with 28 when its time is up. */
async function type(line: string): Promise<Answer> {
  const { stdout } = await run('sh', ['-c', line]).catch((error: { code: number; stdout: string }) => {
    if (error.code === 28) return error;
    throw error;
  });
  const [head = '', ...rest] = stdout.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: rest.join('\r\n\r\n') };
}

describe('railguard demo', () => {
  let demo: Railguard;
  let lines: string[];

  beforeAll(async () => {
    demo = await startRailguard({ args: ['demo'], env: { LOG_LEVEL: 'info' } });
    await until('the demo is announced', 5000, () =>
      demo.child.stdout.some((line) => line.includes('Ctrl-C')),
    );
    lines = demo.child.stdout.filter((line) => line.startsWith('    curl ')).map((line) => line.trim());
  });

  afterAll(() => demo?.kill());

  it('says where it listens, and prints five lines to copy', () => {
    const text = demo.child.stdout.join('\n');
    expect(text).toContain(demo.url);
    expect(text).toContain(demo.adminUrl);
    expect(lines).toHaveLength(5);
  });

  it('lets a request pass under the id that the line gives it', async () => {
    const { status, head, body } = await type(lines[0] as string);
    expect(status).toBe(200);
    expect(head).toContain('x-correlation-id: demo-0001');
    expect(JSON.parse(body)).toMatchObject({ correlation_id: 'demo-0001' });
  });

  it('refuses a head that is too large with a problem document', async () => {
    const { status, head, body } = await type(lines[1] as string);
    expect(status).toBe(431);
    expect(head).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code: 'headers_too_large' });
  });

  it('keeps what a crash says from the client, and its secret from the log', async () => {
    const { status, body } = await type(lines[2] as string);
    expect(status).toBe(500);
    const { code, correlation_id: id } = JSON.parse(body) as Record<string, string>;
    expect(code).toBe('upstream_error');
    await until('the log has the text', 5000, () =>
      demo.child.stdout.some((line) => line.includes('can not connect')),
    );
    const line = demo.child.stdout.find((text) => text.includes('can not connect')) ?? '';
    expect(line).toContain(id);
    expect(body + demo.child.stdout.join('\n')).not.toContain('not-a-real-password');
  });

  it('streams events while they happen', async () => {
    const { status, head, body } = await type(lines[3] as string);
    expect(status).toBe(200);
    expect(head).toContain('content-type: text/event-stream');
    expect(body.match(/^data: /gm)?.length).toBeGreaterThanOrEqual(3);
  });

  it('is ready, and says so to the holder of the printed token', async () => {
    const { status, body } = await type(lines[4] as string);
    expect(status).toBe(200);
    expect(JSON.parse(body).status).toBe('ready');
    const token = /Bearer ([\w-]+)/.exec(lines[4] as string)?.[1];
    const config = `${demo.adminUrl}/config`;
    expect((await fetch(config, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await fetch(config)).status).toBe(401);
  });

  it('hides the name of the app behind it', async () => {
    const { headers } = await fetch(`${demo.url}/headers`);
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null]);
  });

  it('ends with 0 on SIGTERM', async () => {
    expect(await demo.stop()).toEqual({ code: 0, signal: null });
  });
});
