/** K8: a request names exactly one well-formed host (RFC 9112 §3.2). */
import assert from 'node:assert/strict';
import { type Case, h1, type Kind, pseudo, sent } from '../case.ts';
import { headers } from '../h2-frames.ts';

const bad = (title: string, host: string): Case[] => [
  {
    id: 'D14',
    title: `Host ${title}`,
    h1: [`GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    status: [400],
    closed: true,
    seen: 0,
  },
  {
    id: 'D14',
    title: `:authority ${title}`,
    h2: [headers(1, pseudo('GET', '/a', host))],
    status: [400, 'refused'],
    seen: 0,
  },
];

const good = (title: string, host: string): Case => ({
  id: 'D14',
  title: `${title} is a host`,
  h1: [h1({ host })],
  h2: [headers(1, pseudo('GET', '/a', host))],
  status: [200],
  seen: 1,
  check: (result) =>
    assert.deepEqual(
      sent(result, 'host').map((v) => v.toLowerCase()),
      [host.toLowerCase()],
    ),
});

const none = (title: string, fields: [string, string][]): Case => ({
  id: 'D14',
  title,
  h2: [headers(1, fields)],
  status: [400, 'refused'],
  seen: 0,
});

const bare = pseudo().filter(([name]) => name !== ':authority');

export const host: Kind = {
  kind: 'K8',
  title: 'host',
  cases: [
    {
      id: 'D14',
      title: 'no Host',
      h1: ['GET /a HTTP/1.1\r\nX-A: 1\r\n\r\n'],
      status: [400],
      closed: true,
      seen: 0,
    },
    {
      id: 'D14',
      title: 'two Host lines that differ',
      h1: ['GET /a HTTP/1.1\r\nHost: app.test\r\nHost: evil.test\r\n\r\n'],
      status: [400],
      closed: true,
      seen: 0,
    },
    {
      id: 'D14',
      title: 'two equal Host lines',
      h1: ['GET /a HTTP/1.1\r\nHost: app.test\r\nX: 1\r\nhost: app.test\r\n\r\n'],
      status: [400],
      closed: true,
      seen: 0,
    },
    {
      id: 'D14',
      title: 'Host empty',
      h1: ['GET /a HTTP/1.1\r\nHost:\r\n\r\n'],
      status: [400],
      closed: true,
      seen: 0,
    },
    ...bad('with a path', 'app.test/../x'),
    ...bad('with userinfo', 'app.test@evil.test'),
    ...bad('with userinfo and a password', 'a:b@app.test'),
    ...bad('with two ports', 'app.test:80:80'),
    ...bad('with a port of letters', 'app.test:http'),
    ...bad('with a signed port', 'app.test:+80'),
    ...bad('with port 65536', 'app.test:65536'),
    ...bad('with a query', 'app.test?x'),
    ...bad('with a fragment', 'app.test#x'),
    ...bad('with a back-slash', 'app.test\\evil.test'),
    ...bad('with an inner blank', 'app.test evil.test'),
    ...bad('with a comma and a blank', 'app.test, evil.test'),
    ...bad('with a broken percent-encoding', 'app%zz.test'),
    ...bad('with a percent-encoded NUL', 'app.test%00'),
    ...bad('with an unclosed bracket', '[::1'),
    ...bad('with a bad IPv6 address', '[::gggg]'),
    ...bad('with nothing in brackets', '[]'),
    ...bad('with text behind the bracket', '[::1]evil.test'),
    ...bad('an IPv6 address without brackets', '::1'),
    ...bad('with a non-ASCII byte', 'app\xe9.test'),
    ...bad('with a scheme', 'http://app.test'),
    ...bad('only a port', ':80'),
    ...bad('with angle brackets', '<script>'),
    good('upper case with a port', 'APP.test:8080'),
    good('an IPv6 address with a port', '[::1]:8080'),
    good('an IPv6 address', '[2001:db8::1]'),
    good('an IPv4 address', '192.0.2.1:80'),
    good('a name with an underscore', 'my_app.test'),
    good('a name with a final dot', 'app.test.'),
    {
      id: 'D14',
      title: 'an empty port is a port (RFC 3986 §3.2.3)',
      h1: [h1({ host: 'app.test:' })],
      status: [200],
      seen: 1,
      check: (result) => assert.match(sent(result, 'host').join(), /^app\.test:?$/),
    },
    {
      id: 'D14',
      title: 'blanks around the host are not part of it',
      h1: ['GET /a HTTP/1.1\r\nHost: \t app.test \t\r\n\r\n'],
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'host'), ['app.test']),
    },
    {
      id: 'D14',
      title: 'HTTP/1.0 needs no Host',
      h1: ['GET /a HTTP/1.0\r\n\r\n'],
      status: [200],
      closed: true,
      seen: 1,
      check: (result) => assert.equal(sent(result, 'host').length, 1),
    },
    none(':authority and another Host (RFC 9113 §8.3.1)', [...pseudo(), ['host', 'evil.test']]),
    none('two different Host fields beside :authority', [
      ...pseudo(),
      ['host', 'app.test'],
      ['host', 'evil.test'],
    ]),
    none('neither :authority nor Host', bare),
    none(':authority empty', pseudo('GET', '/a', '')),
    none('two Host fields without :authority', [...bare, ['host', 'app.test'], ['host', 'evil.test']]),
    {
      id: 'D14',
      title: ':authority and the same Host are one',
      h2: [headers(1, [...pseudo(), ['host', 'app.test']])],
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'host'), ['app.test']),
    },
    {
      id: 'D14',
      title: 'Host without :authority is enough',
      h2: [headers(1, [...bare, ['host', 'app.test']])],
      status: [200],
      seen: 1,
      check: (result) => assert.deepEqual(sent(result, 'host'), ['app.test']),
    },
  ],
};
