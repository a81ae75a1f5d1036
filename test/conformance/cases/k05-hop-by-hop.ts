/** K5: fields that belong to one connection do not travel (RFC 9110 §7.6.1). */
import assert from 'node:assert/strict';
import { both, got, type Kind, only, raw, sent } from '../case.ts';

export const hopByHop: Kind = {
  kind: 'K5',
  title: 'hop-by-hop fields',
  cases: [
    {
      id: 'D08',
      title: 'nominated and listed fields stop here, and a nomination never deletes what railguard adds',
      h1: [
        raw(
          'GET /a HTTP/1.1',
          'Connection: close, X-Internal, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Forwarded-Host, X-Request-ID\r\nX-Internal: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nProxy-Authorization: Basic Zm9v\r\n',
        ),
      ],
      status: [200],
      closed: true,
      seen: 1,
      check: (result) => {
        for (const name of ['x-internal', 'keep-alive', 'proxy-connection', 'te', 'proxy-authorization'])
          assert.deepEqual(sent(result, name), [], name);
        assert.ok(sent(result, 'connection').every((value) => /^(keep-alive|close)$/i.test(value)));
        assert.deepEqual(sent(result, 'x-forwarded-for'), ['127.0.0.1']);
        assert.deepEqual(sent(result, 'x-real-ip'), ['127.0.0.1']);
        assert.deepEqual(sent(result, 'x-forwarded-proto'), ['http']);
        assert.deepEqual(sent(result, 'x-forwarded-host'), ['app.test']);
      },
    },
    {
      id: 'D08',
      title: 'nominations on several lines, in odd case and with empty members are all obeyed',
      h1: [
        raw(
          'GET /a HTTP/1.1',
          'Connection: ,X-One ,,\r\nconnection:\tx-TWO\r\nX-One: 1\r\nx-two: 2\r\nX-Three: 3\r\n',
        ),
      ],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.deepEqual(sent(result, 'x-one'), []);
        assert.deepEqual(sent(result, 'x-two'), []);
        assert.deepEqual(sent(result, 'x-three'), ['3']);
      },
    },
    {
      id: 'D08',
      title: 'nominating Host, Content-Length or Transfer-Encoding does not break the message',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.1', 'Connection: Host, Content-Length\r\nContent-Length: 3\r\n', 'abc')],
      status: [200, 400],
      check: (result) => {
        for (const { fault } of result.connections) assert.equal(fault, '');
        if (result.requests.length === 0) return;
        assert.deepEqual(sent(result, 'host'), ['app.test']);
        assert.equal(only(result).body.toString('latin1'), 'abc');
      },
    },
    {
      id: 'D08',
      title: 'hop-by-hop fields of the upstream stop here too',
      ...both(),
      upstream: [
        'HTTP/1.1 200 OK\r\nConnection: X-Internal, keep-alive\r\nX-Internal: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok',
      ],
      status: [200],
      check: (result) => {
        for (const name of ['x-internal', 'proxy-connection', 'upgrade', 'proxy-authenticate'])
          assert.deepEqual(got(result, name), [], name);
        assert.ok(!got(result, 'connection').join().toLowerCase().includes('x-internal'));
        assert.ok(!got(result, 'keep-alive').includes('timeout=5'));
      },
    },
    {
      id: 'D08',
      title: 'Connection: close of the upstream ends its leg only',
      h1: [`${raw('GET /a HTTP/1.1', '')}`, { until: 'ok' }, raw('GET /b HTTP/1.1', '')],
      upstream: ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
      status: [[200, 200]],
      seen: 2,
    },
    {
      id: 'D08',
      title: 'HTTP/1.0 without keep-alive is closed after the reply',
      h1: [raw('GET /a HTTP/1.0', '')],
      status: [200],
      closed: true,
      seen: 1,
      check: (result) => assert.equal(only(result).version, 'HTTP/1.1'),
    },
    {
      id: 'D08',
      title: 'HTTP/1.0 never gets chunks',
      h1: [raw('GET /a HTTP/1.0', 'Connection: keep-alive\r\n')],
      upstream: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
      status: [200],
      closed: true,
      check: (result) => {
        assert.deepEqual(got(result, 'transfer-encoding'), []);
        assert.equal(result.replies[0]?.body.toString('latin1'), 'abc');
      },
    },
  ],
};
