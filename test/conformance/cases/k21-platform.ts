/** K21: health checks and idle connections as a platform's edge uses them. */
import assert from 'node:assert/strict';
import { sleep, wait } from '../bytes.ts';
import { both, type Case, first, got, h1, h2, type Kind, only, pseudo } from '../case.ts';
import { talkH1 } from '../h1-client.ts';
import { headers } from '../h2-frames.ts';
import type { Rig } from '../rig.ts';

const PROBE = 'healthcheck.railway.app';

async function upAndDown(rig: Rig): Promise<void> {
  const ask = async () =>
    (await talkH1(rig.port, [h1({ target: '/health', host: PROBE })], { linger: 0 })).replies[0];
  const settled = async (status: number) => {
    for (let i = 0; i < 100; i++) {
      if ((await ask())?.status === status) return true;
      await sleep(100);
    }
    return false;
  };
  assert.ok(await settled(200), 'the upstream is up: 200');
  for (let i = 0; i < 60; i++) {
    assert.equal((await ask())?.status, 200, 'no limit, no refusal');
    await sleep(33);
  }
  await rig.upstream.stop();
  assert.ok(await settled(503), 'the upstream is down: 503');
  await rig.upstream.restart();
  assert.ok(await settled(200), 'and up again: 200');
}

/** Not the health path: an ordinary request, under ordinary policy. */
const ordinary = (target: string): Case => ({
  id: 'D39',
  title: `${target} with the probe's host is no health check`,
  group: 'strictHost',
  ...both({ target, host: PROBE, fields: [['User-Agent', 'kube-probe/1.30']] }),
  status: [421, 400],
  seen: 0,
});

export const platform: Kind = {
  kind: 'K21',
  title: 'platform',
  cases: [
    {
      id: 'D39',
      title: 'health follows the upstream, 30 times a second',
      protocols: ['h1'],
      slow: true,
      group: 'strictHost',
      run: upAndDown,
    },
    {
      id: 'D39',
      title: 'the health path answers any host, without a redirect',
      group: 'strictHost',
      ...both({ target: '/health', host: PROBE }),
      status: [200],
      check: (result) => {
        assert.deepEqual(JSON.parse(first(result).body.toString()), { status: 'ok' });
        assert.deepEqual(got(result, 'location'), []);
      },
    },
    {
      id: 'D39',
      title: 'HEAD on the health path has no body',
      methods: ['HEAD'],
      h1: [h1({ method: 'HEAD', target: '/health' })],
      h2: [h2({ method: 'HEAD', target: '/health' })],
      status: [200],
      check: (result) => assert.equal(first(result).body.length, 0),
    },
    ...['/admin', '/health/../admin', '/healthz', '/health/', '/Health', '//health', '/%68ealth/x'].map(
      ordinary,
    ),
    {
      id: 'D39',
      title: 'POST on the health path is no health check',
      group: 'strictHost',
      methods: ['POST'],
      h1: [h1({ method: 'POST', target: '/health', host: PROBE, body: '' })],
      h2: [headers(1, pseudo('POST', '/health', PROBE))],
      status: [421, 400, 405],
      seen: 0,
    },
    {
      id: 'D39',
      title: 'a trusted sub-domain is served, the bare domain is not',
      group: 'strictHost',
      ...both({ host: 'a.b.example.org' }),
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).target, '/a'),
    },
    ...['example.org', 'evilexample.org', 'app.test.evil.test', 'evil.test'].map(
      (host): Case => ({
        id: 'D39',
        title: `${host} is not a trusted host`,
        group: 'strictHost',
        ...both({ host }),
        status: [421, 400],
        seen: 0,
      }),
    ),
    {
      id: 'D39',
      title: 'an untrusted host in absolute-form is refused, whatever Host says',
      group: 'strictHost',
      h1: ['GET http://evil.test/a HTTP/1.1\r\nHost: app.test\r\n\r\n'],
      status: [421, 400],
      seen: 0,
    },
    {
      id: 'D39',
      title: 'a connection idle for 62 s still serves',
      slow: true,
      h1: [h1(), wait(62_000), h1({ target: '/later' })],
      status: [[200, 200]],
      seen: 2,
    },
  ],
};
