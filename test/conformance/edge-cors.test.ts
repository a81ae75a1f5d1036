/** CORS and origins at the edge (D27, D33): preflights, look-alikes, WebSocket upgrades. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgeRig, type Result, SWITCHED, type Way } from './edge-rig.ts';

const GOOD = ['https://app.example.com', 'https://a.b.example.org'];
const LOOK_ALIKES = [
  'https://app.example.com.evil.test',
  'https://evilapp.example.com',
  'https://appXexample.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://evil-example.org',
  'null',
  'https://app.example.com, https://evil.test',
  'https://APP.example.com%60.evil.test',
];
/** The misconfiguration of the first app: any origin, with credentials. */
const LOOSE =
  'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nVary: Accept-Language\r\nContent-Length: 2\r\n\r\nok';
const REQUESTS: readonly Way[] = ['h1', 'h2'];

let rig: EdgeRig;
beforeAll(async () => {
  rig = await EdgeRig.start({
    CORS_ORIGINS: 'https://app.example.com,*.example.org',
    TRUSTED_HOSTS: 'app.test',
  });
});
afterAll(() => rig.stop());

const corsFields = ({ reply }: Result) => reply.fields.filter(([name]) => name.startsWith('access-control-'));
const members = (lines: string[]) => lines.flatMap((line) => line.split(',')).map((member) => member.trim());

describe.each(REQUESTS)('over %s', (way) => {
  test.each(LOOK_ALIKES)('%s passes without any CORS field', async (origin) => {
    const result = await rig.ask(way, { fields: [['Origin', origin]] }, LOOSE);
    expect(result.status).toBe(200);
    expect(corsFields(result)).toEqual([]);
    expect(members(result.got('vary'))).toContain('Origin');
  });

  test.each(GOOD)(
    '%s gets exactly its own origin, once, and Vary keeps what the app said',
    async (origin) => {
      const result = await rig.ask(way, { fields: [['Origin', origin]] }, LOOSE);
      expect(result.got('access-control-allow-origin')).toEqual([origin]);
      expect(result.got('access-control-allow-credentials')).toEqual(['true']);
      expect(members(result.got('vary'))).toEqual(expect.arrayContaining(['Accept-Language', 'Origin']));
    },
  );

  test('an answer without Origin varies by it, a 304 and a refusal included', async () => {
    const plain = await rig.ask(way, {}, LOOSE);
    expect(members(plain.got('vary'))).toContain('Origin');
    expect(corsFields(plain)).toEqual([]);
    const origin: [string, string][] = [['Origin', GOOD[0] as string]];
    const unchanged = await rig.ask(
      way,
      { fields: origin },
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
    );
    expect(unchanged.got('access-control-allow-origin')).toEqual(GOOD.slice(0, 1));
    expect(members(unchanged.got('vary'))).toContain('Origin');
  });

  test('a preflight is answered at the edge', async () => {
    const fields: [string, string][] = [
      ['Origin', GOOD[0] as string],
      ['Access-Control-Request-Method', 'DELETE'],
      ['Access-Control-Request-Headers', 'authorization'],
    ];
    const granted = await rig.ask(way, { method: 'OPTIONS', fields });
    expect(granted.status).toBe(204);
    expect(granted.requests).toEqual([]);
    expect(members(granted.got('access-control-allow-methods'))).toContain('DELETE');
    expect(members(granted.got('access-control-allow-headers'))).toContain('Authorization');
    expect(granted.got('access-control-max-age')).toEqual(['600']);
    const refused = await rig.ask(way, {
      method: 'OPTIONS',
      fields: [['Origin', 'null'], ...fields.slice(1)],
    });
    expect(refused.requests).toEqual([]);
    expect(corsFields(refused)).toEqual([]);
  });

  test("any other OPTIONS is the app's", async () => {
    const { requests } = await rig.ask(way, { method: 'OPTIONS', fields: [['Origin', GOOD[0] as string]] });
    expect(requests.map(({ method }) => method)).toEqual(['OPTIONS']);
  });
});

describe('WebSocket upgrades', () => {
  test.each([...LOOK_ALIKES, 'http://evil.test'])(
    'from %s are refused: 0 bytes reach the app',
    async (origin) => {
      const result = await rig.ask('upgrade', { fields: [['Origin', origin]] });
      expect(result.status).toBe(403);
      expect(result.requests).toEqual([]);
      expect(corsFields(result)).toEqual([]);
    },
  );

  test.each([...GOOD, 'http://app.test', undefined])('from %s are passed on', async (origin) => {
    const fields: [string, string][] = origin === undefined ? [] : [['Origin', origin]];
    const result = await rig.ask('upgrade', { fields }, `${SWITCHED}Access-Control-Allow-Origin: *\r\n\r\n`);
    expect(result.status).toBe(101);
    expect(corsFields(result)).toEqual([]);
  });
});
