/** A client that sends one head again and again, and then another: each request is judged, and reaches the app, by its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { RawClient } from '../harness/raw.ts';
import { ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';
import { claims, hs, SECRET } from '../harness/tokens.ts';

const alice = hs(claims({ sub: 'alice' }));
const bob = hs(claims({ sub: 'bobby' }));
const forged = `${alice.slice(0, -2)}${alice.endsWith('AA') ? 'BB' : 'AA'}`;

/** Alike but for one thing: a value, a name's case, an order, a field more, an empty one. */
const heads: readonly (readonly string[])[] = [
  [`Authorization: Bearer ${alice}`, 'X-A: 1'],
  [`Authorization: Bearer ${bob}`, 'X-A: 1'],
  [`Authorization: Bearer ${forged}`, 'X-A: 1'],
  [`authorization: Bearer ${alice}`, 'X-A: 1'],
  ['X-A: 1', `Authorization: Bearer ${alice}`],
  ['X-A: 1'],
  ['X-A: 2'],
  ['x-a: 1'],
  ['X-A: 1', 'X-A: 1'],
  ['X-A: 0'],
  ['Origin: https://app.example.com', 'X-A: 1'],
  ['Origin: https://app.example.con', 'X-A: 1'],
  ['X-Correlation-ID: 11111111-aaaa', 'X-A: 1'],
  ['X-Correlation-ID: 22222222-aaaa', 'X-A: 1'],
  ['X-A: 1', 'Connection: X-A'],
];

describe.each(['direct', 'standard'])('heads that repeat on one connection, RESPONSE_PATH=%s', (path) => {
  let app: ScriptedUpstream;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await ScriptedUpstream.start((head, socket) => {
      const fields = head
        .split('\r\n')
        .filter((line) => /^(x-a|authorization|x-correlation-id):/i.test(line));
      if (head.startsWith('GET /via'))
        fields.splice(0, 9, head.split('\r\n').find((line) => line.startsWith('Via')) as string);
      socket.write(ok(fields.join('|')));
    });
    railguard = await startRailguard({
      env: {
        UPSTREAM_URL: app.url,
        RESPONSE_PATH: path,
        JWT_SECRET_KEY: SECRET,
        CORS_ORIGINS: 'https://app.example.com',
        ENABLE_RATE_LIMITING: 'false',
        AUTH_FAILURES_BEFORE_BLOCK: '0',
      },
    });
  });
  afterAll(async () => {
    await railguard.kill();
    await app.stop();
  });

  it('the app is told of the version of each', async () => {
    const client = await RawClient.connect(railguard.port);
    const vias: string[] = [];
    for (const version of ['1.1', '1.0', '1.1', '1.0']) {
      client.send(`GET /via HTTP/${version}\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n`);
      vias.push((await client.response()).body.toString());
      expect(vias.at(-1)).toBe(`Via: ${version} railguard`);
    }
    client.close();
  });

  it('each is answered by itself', async () => {
    const client = await RawClient.connect(railguard.port);
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    for (let i = 0; i < 400; i++) {
      const lines = heads[next(2) === 0 ? next(heads.length) : i % 3] as readonly string[];
      client.send(`GET /r HTTP/1.1\r\nHost: app.test\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
      const answer = await client.response();
      const { status } = answer;
      const text = answer.body.toString();
      const sent = lines.join('|');
      expect([sent, status]).toEqual([sent, sent.includes(forged) ? 401 : 200]);
      expect(answer.get('access-control-allow-origin')).toBe(
        sent.includes('example.com') ? 'https://app.example.com' : undefined,
      );
      if (status !== 200) continue;
      const reached = text.split('|').filter((line) => !/^x-correlation-id/i.test(line));
      const nominated = sent.includes('Connection');
      const passed = (line: string): boolean => /^(x-a|authorization)/i.test(line) && !nominated;
      expect(reached.filter((line) => line !== '')).toEqual(lines.filter(passed));
      const id = /X-Correlation-ID: ([^|]+)/.exec(sent)?.[1];
      if (id !== undefined) expect(answer.get('x-correlation-id')).toBe(id);
    }
    client.close();
  });
});
