/** Random clients before random apps: whatever either does, each answer belongs to its request, byte for byte, and nothing is left over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { metric } from '../harness/scripted-upstream.ts';
import { App } from './exchange/app.ts';
import { Dice } from './exchange/dice.ts';
import { Conversation } from './exchange/http1.ts';
import { multiplex } from './exchange/http2.ts';
import { Tally } from './exchange/tally.ts';
import { upgrade } from './exchange/tunnel.ts';

/** How many exchanges in both paths together, and the seed of their dice; EXCHANGES=1000000 for a long run. */
const EXCHANGES = Number(process.env.EXCHANGES ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

const RUNS = [
  { path: 'direct', connections: '256', keepalive: '1s', share: 0.5, lanes: 24 },
  { path: 'standard', connections: '256', keepalive: '1s', share: 0.5, lanes: 24 },
  { path: 'direct', connections: '1', keepalive: '1s', share: 0.05, lanes: 3 },
  { path: 'standard', connections: '256', keepalive: '0', share: 0.1, lanes: 12 },
] as const;

describe.each(RUNS)(
  'random exchanges, RESPONSE_PATH=$path, $connections upstream connections, kept for $keepalive',
  ({ path, connections, keepalive, share, lanes }) => {
    let app: App;
    let railguard: Railguard;

    beforeAll(async () => {
      app = new App();
      railguard = await startRailguard({
        env: {
          RESPONSE_PATH: path,
          UPSTREAM_URL: await app.listen(),
          UPSTREAM_MAX_CONNECTIONS: connections,
          UPSTREAM_KEEPALIVE: keepalive,
          SANITIZE_ERRORS: 'false',
          LOG_LEVEL: 'error',
        },
      });
    });
    afterAll(async () => {
      await railguard?.kill();
      app?.stop();
    });

    const gauge = async (line: string, value: number): Promise<void> =>
      until(`railguard_${line} is ${value}`, 5000, async () => {
        return (await metric(railguard.adminPort, `railguard_${line}`)) === value;
      });

    it(`give every request its own answer, whole, and leave nothing (seed ${SEED})`, {
      timeout: 60_000 + EXCHANGES * 5,
    }, async () => {
      const tally = new Tally();
      const total = Math.ceil(EXCHANGES * share);
      const started = performance.now();
      let turn = 0;
      const lane = async (): Promise<void> => {
        while (tally.exchanges < total && tally.faults.length < 20) {
          const index = turn++;
          const dice = new Dice(SEED + index);
          const own = new Tally();
          if (index % 10 === 0) await multiplex(railguard.port, dice, own);
          // A tunnel keeps its connection: with one alone it would have to be waited for.
          else if (index % 10 === 1 && connections !== '1') await upgrade(railguard.port, dice, own);
          else await Conversation.run(railguard.port, dice, own);
          tally.add(own, SEED + index);
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `RESPONSE_PATH=${path}, seed ${SEED}: ${tally.summary}, ${app.served} at the app, ${seconds} s`,
      );
      expect(tally.faults).toEqual([]);
      expect(app.wrong).toEqual([]);
      expect(railguard.child.exit).toBeUndefined();
      if (keepalive === '0') expect(app.mostOnOne).toBe(1);
      await gauge('in_flight', 0);
      for (const protocol of ['h1', 'h2', 'websocket']) await gauge(`connections{protocol="${protocol}"}`, 0);
      for (const state of ['active', 'idle']) await gauge(`upstream_connections{state="${state}"}`, 0);
      await until('the app has no connection left', 2000, () =>
        [...app.sockets].every(({ destroyed }) => destroyed),
      );
      expect(railguard.child.stderr.join('\n')).toBe('');
      expect(railguard.logs().filter(({ event_type }) => event_type === 'lifecycle')).toEqual([]);
    });
  },
);
