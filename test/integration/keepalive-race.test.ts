/** uvicorn closes idle connections at 5.0 s; no request may die in that moment (D28). */

import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../harness/h1.ts';
import { freePort } from '../harness/ports.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { startUvicorn, type Uvicorn } from '../harness/uvicorn.ts';

const LANES = 160;

describe('the keep-alive race with uvicorn', () => {
  let app: Uvicorn;
  let railguard: Railguard;

  beforeAll(async () => {
    app = await startUvicorn();
    railguard = await startRailguard({ env: { UPSTREAM_URL: app.url } });
  });
  afterAll(async () => {
    await railguard?.kill();
    await app?.stop();
  });

  /** One client: a request, 4.99 to 5.01 s of silence, another request; what went wrong, if anything did. */
  async function lane(index: number): Promise<string | undefined> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = railguard;
    try {
      const first = await call({ port, path: '/health', agent });
      if (first.status !== 200) return `first: ${first.status}`;
      await sleep(4990 + (index % 21));
      const body = Buffer.from(`lane ${index}`);
      const second =
        index % 2 === 0
          ? await call({ port, path: '/health', agent })
          : await call({ port, path: '/mirror', method: 'POST', body, agent });
      if (second.status !== 200) return `second: ${second.status} ${second.body}`;
      return index % 2 === 1 && !second.body.equals(body) ? 'another body' : undefined;
    } catch (error) {
      return String(error);
    } finally {
      agent.destroy();
    }
  }

  it.each([1, 2, 3])('is lost by none of 160 clients (round %i)', async () => {
    const failures = await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
    expect(failures.filter((failure) => failure !== undefined)).toEqual([]);
  });
});

describe.each(['FIN', 'RST'] as const)(
  'a kept connection that ends with %s as the next request arrives',
  (end) => {
    let upstream: net.Server;
    let railguard: Railguard;
    let requests: string[] = [];

    beforeAll(async () => {
      const port = await freePort();
      upstream = net.createServer((socket) => {
        let served = 0;
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          const method = /^[A-Z]+(?= \/)/.exec(chunk.toString('latin1'))?.[0];
          if (method === undefined) return;
          requests.push(method);
          served += 1;
          if (served === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else if (end === 'FIN') socket.end();
          else socket.resetAndDestroy();
        });
      });
      await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
      const env = { UPSTREAM_URL: `http://127.0.0.1:${port}`, UPSTREAM_MAX_CONNECTIONS: '1' };
      railguard = await startRailguard({ env, wait: 'listening' });
    });
    afterAll(async () => {
      await railguard?.kill();
      upstream?.close();
    });

    /** A first request that leaves a kept connection, then the one that meets its end. */
    const second = async (method: string, body?: Buffer) => {
      const { port } = railguard;
      for (;;) {
        requests = [];
        const answer = await call({ port, method, ...(body === undefined ? {} : { body }) });
        if (requests.length === 1 && answer.status === 200) continue;
        return answer.status;
      }
    };

    it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
      'is made good by one retry of %s',
      async (method) => {
        expect(await second(method)).toBe(200);
        expect(requests).toEqual([method, method]);
      },
    );

    it('is told of as 502 when POST may have been carried out: it is sent once', async () => {
      expect(await second('POST', Buffer.from('pay'))).toBe(502);
      expect(requests).toEqual(['POST']);
    });
  },
);
