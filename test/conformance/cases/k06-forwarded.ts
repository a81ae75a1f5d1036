/** K6: the client's address and the forwarding fields are railguard's own word. */
import assert from 'node:assert/strict';
import { both, type Case, h1, h2, type Kind, only, sent } from '../case.ts';
import type { Fields } from '../message.ts';

const SPOOFED: Fields = [
  ['X-Forwarded-For', '198.51.100.9'],
  ['X-Forwarded-For', '198.51.100.8'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'evil.test'],
  ['X-Forwarded-Prefix', '/x'],
  ['X-Forwarded-Uri', '/public'],
  ['X-Original-URL', '/public'],
  ['X-Rewrite-URL', '/public'],
  ['X-Real-IP', '198.51.100.6'],
  ['X-Envoy-External-Address', '198.51.100.5'],
  ['X-Forwarded-Port', '443'],
  ['X-Forwarded-Scheme', 'https'],
  ['X-Forwarded-Ssl', 'on'],
  ['X-Forwarded-Server', 'evil.test'],
  ['X-Client-IP', '198.51.100.2'],
  ['True-Client-IP', '198.51.100.2'],
  ['CF-Connecting-IP', '198.51.100.2'],
  ['X-Cluster-Client-IP', '198.51.100.2'],
  ['Forwarded', 'for=198.51.100.7'],
  ['X_Forwarded_For', '198.51.100.4'],
  ['X.Forwarded.For', '198.51.100.3'],
  ['X-Forwarded_Host', 'evil.test'],
  ['x_real_ip', '198.51.100.3'],
  ['X-Fine_One', 'kept'],
  ['X.Fine', 'kept'],
];

function spoofs(peer: string): (result: Parameters<typeof only>[0]) => void {
  return (result) => {
    const { fields } = only(result);
    assert.deepEqual(sent(result, 'x-forwarded-for'), [peer]);
    assert.deepEqual(sent(result, 'x-real-ip'), [peer]);
    assert.deepEqual(sent(result, 'x-forwarded-proto'), ['http']);
    assert.deepEqual(sent(result, 'x-forwarded-host'), ['app.test']);
    const kept = new Set(['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host']);
    const leaked = fields.filter(
      ([name, value]) => !kept.has(name) && /198\.51\.100\.|evil\.test|\/public/.test(value),
    );
    assert.deepEqual(leaked, []);
    const folded = fields.map(([name]) => name.replace(/[_.]/g, '-'));
    for (const name of kept) assert.equal(folded.filter((n) => n === name).length, 1, name);
    assert.deepEqual(sent(result, 'x-fine_one'), ['kept']);
    assert.deepEqual(sent(result, 'x.fine'), ['kept']);
  };
}

const hop = (title: string, chain: Fields, client: string, group: Case['group'] = 'behindProxy'): Case => ({
  id: 'D10',
  title,
  ...(group && { group }),
  ...both({ fields: chain }),
  status: [200],
  seen: 1,
  check: (result) => {
    assert.deepEqual(sent(result, 'x-real-ip'), [client]);
    const forwarded = sent(result, 'x-forwarded-for');
    assert.equal(forwarded.length, 1);
    assert.ok(forwarded[0]?.split(/,\s*/).includes(client), `${forwarded} names ${client}`);
  },
});

const FOR = 'X-Forwarded-For';

export const forwarded: Kind = {
  kind: 'K6',
  title: 'forwarded fields and client address',
  cases: [
    {
      id: 'D09',
      title: 'spoofed fields and their aliases',
      ...both({ target: '/h', fields: SPOOFED }),
      status: [200],
      seen: 1,
      check: spoofs('127.0.0.1'),
    },
    {
      id: 'D09',
      title: 'spoofed fields from another loopback peer',
      localAddress: '127.0.0.2',
      h1: [h1({ fields: SPOOFED })],
      h2: [h2({ fields: SPOOFED })],
      status: [200],
      seen: 1,
      check: spoofs('127.0.0.2'),
    },
    {
      id: 'D09',
      title: 'an untrusted peer behind the wrong network is not believed',
      group: 'behindRealIp',
      localAddress: '127.0.0.9',
      ...both({ fields: [['X-Real-IP', '203.0.113.7']] }),
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'x-real-ip'), ['127.0.0.9']),
    },
    hop('the right-most untrusted hop is the client', [[FOR, '198.51.100.1, 203.0.113.77']], '203.0.113.77'),
    hop('trusted hops are stepped over', [[FOR, '198.51.100.1, 203.0.113.7']], '198.51.100.1'),
    hop(
      'several lines are one list',
      [
        [FOR, '198.51.100.1'],
        [FOR, '203.0.113.77'],
        [FOR, '203.0.113.7'],
      ],
      '203.0.113.77',
    ),
    hop('an IPv6 hop is taken', [[FOR, '2001:db8::7']], '2001:db8::7'),
    hop('a v4-mapped hop is a v4 address', [[FOR, '::ffff:198.51.100.3']], '198.51.100.3'),
    hop('X-Real-IP from a trusted peer', [['X-Real-IP', '203.0.113.7']], '203.0.113.7', 'behindRealIp'),
    hop('without the field the peer is the client', [], '127.0.0.1'),
    ...[
      ['a hop that is not an address', 'unknown'],
      ['a hop with a line of script', '198.51.100.1, <script>'],
      ['an empty hop', ''],
      ['a hop with leading zeros', '0198.051.100.001'],
    ].map(
      ([title, value]): Case => ({
        id: 'D10',
        title: `${title} never becomes the client`,
        group: 'behindProxy',
        ...both({ fields: [[FOR, value as string]] }),
        status: [200, 400],
        check: (result) => {
          if (result.requests.length === 0) return;
          assert.match(sent(result, 'x-real-ip').join(), /^[0-9a-f.:]+$/);
          assert.doesNotMatch(sent(result, 'x-real-ip').join(), /^0/);
        },
      }),
    ),
    {
      id: 'D10',
      title: 'X-Forwarded-Proto from a trusted peer is passed on',
      group: 'behindProxy',
      ...both({
        fields: [
          [FOR, '198.51.100.1'],
          ['X-Forwarded-Proto', 'https'],
        ],
      }),
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'x-forwarded-proto'), ['https']),
    },
    {
      id: 'D10',
      title: 'a scheme that is none is not passed on',
      group: 'behindProxy',
      ...both({
        fields: [
          [FOR, '198.51.100.1'],
          ['X-Forwarded-Proto', 'javascript'],
        ],
      }),
      status: [200, 400],
      check: (result) => {
        if (result.requests.length > 0) assert.match(sent(result, 'x-forwarded-proto').join(), /^https?$/);
      },
    },
  ],
};
