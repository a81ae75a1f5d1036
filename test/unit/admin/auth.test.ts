import { describe, expect, it } from 'vitest';
import { AdminAuth, isLoopback } from '../../../admin/auth.ts';
import { AdminProblem, json } from '../../../admin/reply.ts';
import type { AdminRequest } from '../../../admin/route.ts';
import { RawClient } from '../../harness/raw.ts';
import { HandClock, keptLog } from '../core/lines.ts';
import { bearer, startPort, TOKEN } from './port.ts';

const request = (over: Partial<AdminRequest> = {}): AdminRequest => ({
  method: 'GET',
  path: '/config',
  query: new URLSearchParams(),
  params: {},
  headers: { host: 'localhost:9090' },
  correlationId: 'client.id-0001',
  peer: '127.0.0.1',
  body: () => Promise.resolve(Buffer.alloc(0)),
  ...over,
});

function verdict(auth: AdminAuth, over: Partial<AdminRequest> = {}): number {
  try {
    auth.check(request(over));
    return 200;
  } catch (error) {
    if (error instanceof AdminProblem) return error.status;
    throw error;
  }
}

function setUp(token?: string) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  return { clock, kept, auth: new AdminAuth({ token, clock, log }) };
}

describe('with a token', () => {
  it.each([
    ['none', undefined],
    ['an empty one', 'Bearer '],
    ['a wrong one', 'Bearer wrong'],
    ['a part of it', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than it', `Bearer ${TOKEN}x`],
    ['another case', `Bearer ${TOKEN.toUpperCase()}`],
    ['another scheme', `Basic ${TOKEN}`],
    ['no scheme', TOKEN],
    ['two', `Bearer ${TOKEN} ${TOKEN}`],
  ])('is refused to a request with %s', async (_what, authorization) => {
    const { get } = await startPort({ token: TOKEN });
    const answer = await get('/config', authorization === undefined ? {} : { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(await answer.text()).not.toContain('the-effective-config');
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('is opened by the scheme spelt %s', async (scheme) => {
    const { get } = await startPort({ token: TOKEN });
    expect((await get('/config', { headers: { authorization: `${scheme} ${TOKEN}` } })).status).toBe(200);
  });

  it('does not trust this machine either', async () => {
    const { get } = await startPort({ token: TOKEN });
    expect((await get('/config')).status).toBe(401);
  });

  it('stops listening to a peer after ten failures a minute, even to the right token', async () => {
    const { get, clock, kept } = await startPort({ token: TOKEN });
    for (let i = 0; i < 10; i++) expect((await get('/config', bearer(`wrong-${i}`))).status).toBe(401);
    const blocked = await get('/config', bearer(TOKEN));
    expect(blocked.status).toBe(429);
    expect(blocked.headers.get('retry-after')).toBe('60');
    expect((await get('/health')).status).toBe(200);
    clock.turn(59_000);
    expect((await get('/config', bearer('wrong'))).headers.get('retry-after')).toBe('1');
    clock.turn(1000);
    expect((await get('/config', bearer(TOKEN))).status).toBe(200);
    const refusals = kept.parsed.filter((line) => line.event_type === 'authentication');
    expect(refusals).toHaveLength(10);
    expect(refusals[0]).toMatchObject({
      level: 'warn',
      outcome: 'failure',
      client_ip: '127.0.0.1',
      path: '/config',
    });
    expect(kept.lines.join('')).not.toContain('wrong-');
  });

  it('counts failures by peer, and forgets them after a success', () => {
    const { auth } = setUp(TOKEN);
    const wrong = { headers: { authorization: 'Bearer wrong' } };
    const right = { headers: { authorization: `Bearer ${TOKEN}` } };
    for (let i = 0; i < 9; i++) expect(verdict(auth, { ...wrong, peer: '10.0.0.1' })).toBe(401);
    expect(verdict(auth, { ...right, peer: '10.0.0.1' })).toBe(200);
    for (let i = 0; i < 10; i++) expect(verdict(auth, { ...wrong, peer: '10.0.0.1' })).toBe(401);
    expect(verdict(auth, { ...right, peer: '10.0.0.1' })).toBe(429);
    expect(verdict(auth, { ...right, peer: '10.0.0.2' })).toBe(200);
  });

  it('remembers a bounded number of peers', () => {
    const { auth } = setUp(TOKEN);
    const wrong = { headers: { authorization: 'Bearer wrong' } };
    for (let i = 0; i < 10; i++) verdict(auth, { ...wrong, peer: 'fd00::1' });
    expect(verdict(auth, { ...wrong, peer: 'fd00::1' })).toBe(429);
    for (let i = 0; i < 1000; i++) verdict(auth, { ...wrong, peer: `10.0.${i >> 8}.${i & 255}` });
    expect(verdict(auth, { ...wrong, peer: 'fd00::1' })).toBe(401);
  });
});

describe('without a token', () => {
  it.each([
    'localhost',
    'localhost:9090',
    'LOCALHOST:1',
    '127.0.0.1:9090',
    '127.1.2.3',
    '[::1]:9090',
    '[::1]',
  ])('this machine may read under the name %s', (host) => {
    expect(verdict(setUp().auth, { headers: { host } })).toBe(200);
  });

  it.each([
    'evil.test',
    'evil.test:9090',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'evil.test@localhost',
    'localhost:9090:9090',
    'localhost:x',
    '[::2]',
    '',
  ])('a page that got here under the name %j may not: DNS rebinding', async (host) => {
    const { port } = await startPort();
    const client = await RawClient.connect(port);
    client.send(`GET /config HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await client.response();
    client.close();
    expect(answer.status).toBe(403);
    expect(answer.body.toString()).not.toContain('the-effective-config');
  });

  it.each(['10.0.0.1', '192.168.1.1', '::2', 'fd12::1', '1127.0.0.1', ''])(
    'the peer %j may not read',
    (peer) => {
      const { auth, kept } = setUp();
      expect(verdict(auth, { peer })).toBe(403);
      expect(kept.parsed[0]).toMatchObject({ event_type: 'authentication', reason: 'remote_peer' });
    },
  );

  it('nothing may be changed, even from this machine: a form of another page could do it', async () => {
    const { admin, get } = await startPort();
    let changed = false;
    admin.registerRoute({
      method: 'POST',
      path: '/revocations',
      open: false,
      handle: () => {
        changed = true;
        return json(200, {});
      },
    });
    expect((await get('/revocations', { method: 'POST', body: '{}' })).status).toBe(403);
    expect(changed).toBe(false);
  });
});

describe('a loopback address', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'])('is %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each(['127.0.0.1.evil.test', '128.0.0.1', '::ffff:10.0.0.1', '0.0.0.0', 'localhost'])(
    'is not %s',
    (address) => {
      expect(isLoopback(address)).toBe(false);
    },
  );
});
