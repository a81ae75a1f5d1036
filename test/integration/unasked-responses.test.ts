/** An app that sends a second response nobody asked for, as a split or poisoned one would: no client ever gets it. */
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { metric, ok, ScriptedUpstream } from '../harness/scripted-upstream.ts';

const POISON = ok('poison', 'X-Poison: 1\r\n');

/** How the second response follows the first. */
const WAYS: Readonly<Record<string, (socket: net.Socket, answer: string) => void>> = {
  'in the same packet': (socket, answer) => socket.write(answer + POISON),
  'begun in the same packet': (socket, answer) => {
    socket.write(answer + POISON.slice(0, 20));
    setTimeout(() => socket.write(POISON.slice(20)), 1);
  },
  'in the next packet': (socket, answer) => {
    socket.write(answer);
    socket.write(POISON);
  },
  'a turn later': (socket, answer) => {
    socket.write(answer);
    setImmediate(() => socket.write(POISON));
  },
  'on the idle connection': (socket, answer) => {
    socket.write(answer);
    setTimeout(() => socket.write(POISON), 15);
  },
};

let app: ScriptedUpstream;
let railguard: Railguard;

async function start(way: string, env: Readonly<Record<string, string>>): Promise<Set<net.Socket>> {
  const used = new Set<net.Socket>();
  app = await ScriptedUpstream.start((head, socket) => {
    used.add(socket);
    const target = head.split(' ')[1] as string;
    WAYS[way]?.(socket, ok(target));
  });
  railguard = await startRailguard({ env: { UPSTREAM_URL: app.url, ...env } });
  return used;
}

afterEach(async () => {
  await railguard?.kill();
  await app?.stop();
});

/** One client after another, `pause` ms apart; each must get what it asked for. */
async function askInTurn(lane: number, count: number, pause: number): Promise<string[]> {
  const wrong: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = `/${lane}-${i}`;
    const { status, body, headers } = await call({ port: railguard.port, path });
    if (status !== 200 || body.toString() !== path || headers['x-poison'] !== undefined)
      wrong.push(`${status} ${body} for ${path}`);
    if (pause > 0) await sleep(pause);
  }
  return wrong;
}

describe('a second response that nobody asked for', () => {
  it.each(Object.keys(WAYS))('%s reaches nobody, and its connection is not used again', async (way) => {
    const used = await start(way, {});
    expect(await askInTurn(0, 8, 30)).toEqual([]);
    expect(used.size).toBe(8);
    for (const state of ['active', 'idle']) {
      const line = `railguard_upstream_connections{state="${state}"}`;
      await until(`${line} is 0`, 2000, async () => (await metric(railguard.adminPort, line)) === 0);
    }
  });

  it.each(['in the same packet', 'begun in the same packet'])(
    '%s reaches nobody, with clients that wait for the one connection',
    async (way) => {
      await start(way, { UPSTREAM_MAX_CONNECTIONS: '1' });
      const all = await Promise.all(Array.from({ length: 8 }, (_, lane) => askInTurn(lane, 25, 0)));
      expect(all.flat()).toEqual([]);
    },
  );
});

describe('UPSTREAM_KEEPALIVE=0', () => {
  it.each(Object.keys(WAYS))(
    'gives every request a connection of its own: a second response %s reaches nobody, however many ask',
    async (way) => {
      const used = await start(way, { UPSTREAM_KEEPALIVE: '0', UPSTREAM_MAX_CONNECTIONS: '2' });
      const all = await Promise.all(Array.from({ length: 8 }, (_, lane) => askInTurn(lane, 25, 0)));
      expect(all.flat()).toEqual([]);
      expect(app.requests).toHaveLength(200);
      expect(used.size).toBe(200);
    },
  );
});
