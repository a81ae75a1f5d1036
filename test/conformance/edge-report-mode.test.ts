/** Report mode: what is well formed passes, what would have been refused is logged, counted, and told to the app alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from './case.ts';
import { EdgeRig, SWITCHED, WAYS, type Way } from './edge-rig.ts';
import { values } from './message.ts';

const POLICY = { TRUSTED_HOSTS: 'app.test', CORS_ORIGINS: 'https://app.example.com' };
const evil: [string, string][] = [['Origin', 'https://evil.test']];

/** Each is refused when enforced: by which filter, and in which ways it can be asked. */
const refused: readonly [filter: string, code: string, message: Message, ways: readonly Way[]][] = [
  ['trusted-host', 'host_untrusted', { host: 'evil.test' }, WAYS],
  ['path-policy', 'request_malformed', { target: '/public/../admin' }, WAYS],
  ['path-policy', 'request_malformed', { target: '/public/..;/admin' }, WAYS],
  ['cors', 'forbidden', { fields: evil }, ['upgrade']],
];
const cases = refused.flatMap(([filter, code, message, ways]) =>
  ways.map((way) => [way, filter, JSON.stringify(message), code, message] as const),
);

describe('with ENFORCEMENT=report', () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await EdgeRig.start({ ...POLICY, ENFORCEMENT: 'report' });
  });
  afterAll(() => rig.stop());

  test.each(cases)('%s: what %s refuses of %s passes', async (way, filter, _text, code, message) => {
    const result = await rig.ask(way, message, way === 'upgrade' ? `${SWITCHED}\r\n` : undefined);
    expect(result.status).toBe(way === 'upgrade' ? 101 : 200);
    expect(result.requests).toHaveLength(1);
    const told = result.requests[0]?.fields ?? [];
    expect(values(told, 'x-railguard-would-refuse')).toEqual([`${filter};code=${code}`]);
    expect(result.got('x-railguard-would-refuse')).toEqual([]);
  });

  test('all of it is counted and logged as report', async () => {
    const metrics = await (await fetch(`${rig.railguard.adminUrl}/metrics`)).text();
    for (const [filter, code] of new Set(refused.map(([name, reason]) => [name, reason] as const))) {
      expect(metrics).toContain(`railguard_refusals_total{filter="${filter}",code="${code}",mode="report"}`);
    }
    const lines = rig.railguard.logs().filter((line) => line.event_type === 'refusal');
    expect(lines.length).toBe(cases.length);
    expect(new Set(lines.map((line) => line.mode))).toEqual(new Set(['report']));
  });

  test('a message that is not well formed is refused all the same', async () => {
    const { status, requests } = await rig.ask('h1', { host: 'app.test@evil.test' });
    expect(status).toBe(400);
    expect(requests).toEqual([]);
  });

  test('a client can not tell the app that it would have been refused', async () => {
    const { requests } = await rig.ask('h1', {
      fields: [['X-Railguard-Would-Refuse', 'jwt;code=forbidden']],
    });
    expect(values(requests[0]?.fields ?? [], 'x-railguard-would-refuse')).toEqual([]);
  });
});

describe('with REPORT_ONLY=trusted-host', () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await EdgeRig.start({ ...POLICY, REPORT_ONLY: 'trusted-host' });
  });
  afterAll(() => rig.stop());

  test.each(WAYS)('over %s that filter reports and the others enforce', async (way) => {
    const passed = await rig.ask(
      way,
      { host: 'evil.test' },
      way === 'upgrade' ? `${SWITCHED}\r\n` : undefined,
    );
    expect(passed.requests).toHaveLength(1);
    expect((await rig.ask(way, { target: '/a/../b' })).status).toBe(400);
  });
});

describe('with ENFORCEMENT=report, tokens required and one request a minute', () => {
  let rig: EdgeRig;
  const bearer = (token: string): Message => ({
    target: '/x',
    fields: [['Authorization', `Bearer ${token}`]],
  });
  beforeAll(async () => {
    rig = await EdgeRig.start({
      ...POLICY,
      ENFORCEMENT: 'report',
      JWT_MODE: 'require',
      JWT_SECRET_KEY: 'an-example-secret-of-sixty-four-characters-made-for-this-test-0',
      ENABLE_RATE_LIMITING: 'true',
      RATE_LIMIT_PER_MINUTE: '1',
      RATE_LIMIT_BURST: '1',
    });
  });
  afterAll(() => rig.stop());

  const asked: readonly (readonly [Way, string, Message])[] = WAYS.flatMap((way) => [
    [way, 'no token', { target: '/x' }] as const,
    [way, 'a token that is none', bearer('a.b.c')] as const,
    [way, 'a key of the wrong shape', bearer('mk-short')] as const,
    [way, 'an unknown host and a path read two ways', { host: 'evil.test', target: '/a/../b' }] as const,
  ]);

  test.each(asked)('%s with %s passes, and the app is told each reason', async (way, _what, message) => {
    const result = await rig.ask(way, message, way === 'upgrade' ? `${SWITCHED}\r\n` : undefined);
    expect(result.status).toBe(way === 'upgrade' ? 101 : 200);
    const told = values(result.requests[0]?.fields ?? [], 'x-railguard-would-refuse');
    expect(told.some((line) => line.startsWith('jwt;code='))).toBe(true);
    expect(result.got('x-railguard-would-refuse')).toEqual([]);
  });

  test('every filter that would have refused is counted', async () => {
    const metrics = await (await fetch(`${rig.railguard.adminUrl}/metrics`)).text();
    for (const filter of ['trusted-host', 'path-policy', 'rate-limit', 'jwt']) {
      expect(metrics).toMatch(
        new RegExp(`railguard_refusals_total\\{filter="${filter}",code="\\w+",mode="report"\\} [1-9]`),
      );
    }
    expect(metrics).not.toContain('mode="enforce"');
  });
});
