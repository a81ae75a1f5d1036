import { describe, expect, test } from 'vitest';
import { Metrics } from '../../../../core/metrics.ts';
import { cspReport } from '../../../../proxy/filters/csp-report.ts';
import { Chunks, exchange } from './edge-exchange.ts';

const OLD = 'application/csp-report';
const NEW = 'application/reports+json';

function rig() {
  const lines: Record<string, unknown>[] = [];
  const metrics = new Metrics({ version: '0' });
  let time = 0;
  const filter = cspReport({
    path: '/csp-report',
    log: { warn: (event_type, message, facts) => lines.push({ event_type, message, ...facts }) },
    metrics,
    now: () => time,
  });
  const post = async (text: string, type: string, facts: Parameters<typeof exchange>[0] = {}) => {
    const body = new Chunks([Buffer.from(text)]);
    const headers = ['Content-Type', type];
    return filter.request?.(exchange({ method: 'POST', target: '/csp-report', headers, body, ...facts }));
  };
  return { lines, metrics, filter, post, turn: (ms: number) => (time += ms) };
}

const old = JSON.stringify({
  'csp-report': {
    'document-uri': 'https://app.test/docs?token=secret',
    'violated-directive': 'script-src-elem https://app.test',
    'blocked-uri': 'https://cdn.test/x.js',
    'line-number': 7,
    'script-sample': 'a'.repeat(500),
  },
});
const modern = (count: number) =>
  JSON.stringify(
    Array.from({ length: count }, () => ({
      type: 'csp-violation',
      url: 'https://app.test/docs',
      body: {
        effectiveDirective: 'img-src',
        blockedURL: 'https://i.test/a#b',
        documentURL: 'https://app.test/docs',
      },
    })),
  );

describe('csp-report', () => {
  test('a report in the old format is logged without queries, cut, and counted', async () => {
    const { post, lines, metrics } = rig();
    expect(await post(old, OLD)).toMatchObject({ status: 204, origin: 'railguard' });
    expect(lines).toEqual([
      {
        event_type: 'csp_violation',
        message: 'a browser reported a policy violation',
        correlation_id: 'id-of-this-request',
        client_ip: '192.0.2.1',
        directive: 'script-src-elem',
        document: 'https://app.test/docs',
        blocked: 'https://cdn.test/x.js',
        line: 7,
        sample: 'a'.repeat(64),
      },
    ]);
    expect((await metrics.render(undefined)).body).toContain(
      'railguard_csp_violations_total{directive="script-src-elem",outcome="logged"} 1',
    );
  });

  test('reports in the new format come many at once', async () => {
    const { post, lines } = rig();
    expect(await post(modern(3), `${NEW}; charset=utf-8`)).toMatchObject({ status: 204 });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      directive: 'img-src',
      blocked: 'https://i.test/a',
      document: 'https://app.test/docs',
    });
  });

  test('a flood is logged at 20 a second and then not even read, and a directive nobody knows is one label', async () => {
    const { post, lines, metrics, turn } = rig();
    for (let i = 0; i < 5; i++) await post(modern(20), NEW);
    expect(lines).toHaveLength(20);
    turn(500);
    await post(modern(20), NEW);
    expect(lines).toHaveLength(30);
    turn(10_000);
    await post(JSON.stringify({ 'csp-report': { 'violated-directive': 'made-up' } }), OLD);
    const { body } = await metrics.render(undefined);
    expect(body).toContain('{directive="img-src",outcome="dropped"} 10');
    expect(body).toContain('{directive="other",outcome="dropped"} 4');
    expect(body).toContain('{directive="other",outcome="logged"} 1');
  });

  test.each([
    '',
    'not json',
    '[]',
    '{}',
    '[1,null,{"type":"deprecation","body":{}}]',
    '{"csp-report":7}',
    'null',
  ])('%j is taken quietly and logged nowhere', async (text) => {
    const { post, lines } = rig();
    expect(await post(text, OLD)).toMatchObject({ status: 204 });
    expect(lines).toEqual([]);
  });

  test('a body over 64 KB is refused, declared or not', async () => {
    const { post } = rig();
    await expect(post('x'.repeat(65 * 1024), OLD)).rejects.toMatchObject({ code: 'body_too_large' });
    const declared = new Chunks([], 70_000);
    await expect(post('', OLD, { body: declared })).rejects.toMatchObject({ code: 'body_too_large' });
    expect(declared.cancelled).toBe(true);
  });

  test('a body that breaks off ends with its own problem', async () => {
    const { post } = rig();
    await expect(post('', OLD, { body: new Chunks([], -1, false) })).rejects.toMatchObject({
      code: 'request_malformed',
    });
  });

  test('other methods, types and paths are for the app', async () => {
    const { post } = rig();
    expect(await post(old, OLD, { method: 'GET' })).toBeUndefined();
    expect(await post(old, 'application/json')).toBeUndefined();
    expect(await post(old, OLD, { target: '/csp-report/x' })).toBeUndefined();
  });
});
