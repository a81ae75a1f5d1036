/** K12: whatever the upstream sends, the client gets a valid message or a plain 502. */
import assert from 'node:assert/strict';
import { FIN, RST, until, wait } from '../bytes.ts';
import { both, type Case, first, got, h1, h2, type Kind, type Result, raw } from '../case.ts';
import { headers } from '../h2-frames.ts';
import { OK } from '../upstream.ts';

const code = (result: Result, expected: string) => {
  assert.match(got(result, 'content-type').join(), /^application\/problem\+json/);
  assert.equal(JSON.parse(first(result).body.toString()).code, expected);
};

/** An answer that no strict reader accepts. */
const broken = (title: string, answer: string, id = 'D24'): Case => ({
  id,
  title,
  ...both(),
  upstream: [{ steps: [answer, wait(50), FIN] }],
  status: [502],
  check: (result) => {
    code(result, 'upstream_protocol');
    assert.ok(result.connections[0]?.end !== 'open', 'its socket is destroyed');
  },
});

const OKHEAD = 'HTTP/1.1 200 OK\r\n';

/** Two requests on one client connection: the first answer must not spill into the second. */
const twice = (
  title: string,
  method: string,
  answer: Case['upstream'],
  status: number,
  check: (result: Result) => void,
  id = 'D25',
): Case => ({
  id,
  title,
  methods: [method, 'GET'],
  h1: [h1({ method }), until('\r\n\r\n'), wait(60), h1({ target: '/second' })],
  h2: [h2({ method }, 1), until('end 1'), wait(60), h2({ target: '/second' }, 3)],
  upstream: [...(answer ?? []), 'HTTP/1.1 200 OK\r\nX-Second: 1\r\nContent-Length: 6\r\n\r\nsecond'],
  status: [[status, 200]],
  check: (result) => {
    assert.equal(result.replies[1]?.body.toString('latin1'), 'second');
    assert.equal(first(result).end, 'complete');
    check(result);
  },
});

const bodiless = (result: Result) => {
  assert.equal(first(result).body.length, 0);
  assert.deepEqual(got(result, 'transfer-encoding'), []);
  if (first(result).status === 204) assert.deepEqual(got(result, 'content-length'), []);
};

const notReused = (result: Result) => {
  assert.equal(result.connections.length, 2, 'the second request takes another socket');
  assert.notEqual(result.connections[0]?.end, 'open', 'the first one is destroyed');
};

const bodilessAndNotReused = (result: Result) => {
  bodiless(result);
  notReused(result);
};

const interims = (answer: string, list: number[], more: Partial<Case> = {}): Case => ({
  id: 'D26',
  title: '',
  ...both(),
  upstream: [answer + OK],
  status: [200],
  seen: 1,
  check: (result) =>
    assert.deepEqual(
      first(result).interims.map((i) => i.status),
      list,
    ),
  ...more,
});

const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n';

export const upstreamAnswers: Kind = {
  kind: 'K12',
  title: 'what the upstream may send',
  cases: [
    ...['099', '000', '600', '999'].map((status) =>
      broken(`status ${status}`, `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`),
    ),
    ...['20', '2000', '2x0', '-200', ''].map((status) =>
      broken(`status ${JSON.stringify(status)}`, `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`),
    ),
    broken('garbage', 'this is not HTTP at all\r\n\r\n'),
    broken('a TLS alert', '\x15\x03\x01\x00\x02\x02\x16'),
    broken('an HTTP/2 SETTINGS frame', '\0\0\0\x04\0\0\0\0\0'),
    broken('HTTP/2.0 in the status line', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    broken('HTTP/0.9 in the status line', 'HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    broken('a lower-case version', 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    broken(
      'two Content-Length lines that differ',
      `${OKHEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nokX`,
    ),
    broken(
      'Content-Length and Transfer-Encoding',
      `${OKHEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ),
    broken('Content-Length negative', `${OKHEAD}Content-Length: -2\r\n\r\nok`),
    broken('Content-Length with a plus sign', `${OKHEAD}Content-Length: +2\r\n\r\nok`),
    broken('Content-Length in hexadecimal', `${OKHEAD}Content-Length: 0x2\r\n\r\nok`),
    broken('Content-Length empty', `${OKHEAD}Content-Length:\r\n\r\nok`),
    broken('Content-Length over 2^53', `${OKHEAD}Content-Length: 99999999999999999999\r\n\r\nok`),
    broken(
      'Transfer-Encoding: chunked, chunked',
      `${OKHEAD}Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ),
    broken('Transfer-Encoding: xchunked', `${OKHEAD}Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    broken(
      'Transfer-Encoding: gzip, chunked',
      `${OKHEAD}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ),
    broken('a header line without a colon', `${OKHEAD}X-A\r\nContent-Length: 2\r\n\r\nok`),
    broken('a blank before the colon', `${OKHEAD}Content-Length : 2\r\n\r\nok`),
    broken('an empty field name', `${OKHEAD}: x\r\nContent-Length: 2\r\n\r\nok`),
    broken('NUL in a value', `${OKHEAD}X-A: a\0b\r\nContent-Length: 2\r\n\r\nok`),
    broken('a bare CR in a value', `${OKHEAD}X-A: a\rb\r\nContent-Length: 2\r\n\r\nok`),
    broken('a head that never ends', `${OKHEAD}X-A: 1\r\n`),
    broken('a field name with a blank', `${OKHEAD}X A: 1\r\nContent-Length: 2\r\n\r\nok`),
    {
      id: 'D24',
      title: 'obs-fold is a 502 or replaced by blanks (RFC 9112 §5.2)',
      ...both(),
      upstream: [`${OKHEAD}X-A: a\r\n b: c\r\nContent-Length: 2\r\n\r\nok`],
      status: [502, 200],
      check: (result) => {
        if (first(result).status === 502) return;
        assert.deepEqual(got(result, 'b'), []);
        assert.match(got(result, 'x-a').join(), /^a +b: c$/);
      },
    },
    {
      id: 'D24',
      title: 'a status line without a reason is fine',
      ...both(),
      upstream: ['HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok'],
      status: [200],
    },
    {
      id: 'D24',
      title: 'equal Content-Length lines are one, or a 502',
      ...both(),
      upstream: [`${OKHEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
      status: [200, 502],
      check: (result) => {
        if (first(result).status === 200) assert.deepEqual(got(result, 'content-length'), ['2']);
      },
    },
    {
      id: 'D24',
      title: 'an HTTP/1.0 answer is read to its close',
      ...both(),
      upstream: [{ steps: ['HTTP/1.0 200 OK\r\n\r\nuntil close', FIN] }],
      status: [200],
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), 'until close');
        assert.equal(first(result).end, 'complete');
      },
    },
    {
      id: 'D24',
      title: 'a close-delimited body arrives whole',
      ...both(),
      upstream: [{ steps: [`${OKHEAD}Connection: close\r\n\r\nuntil `, wait(30), 'close', FIN] }],
      status: [200],
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), 'until close');
        assert.equal(first(result).end, 'complete');
      },
    },
    {
      id: 'D24',
      title: 'a close-delimited body to HTTP/1.0 is closed behind it',
      h1: [raw('GET /a HTTP/1.0', '')],
      upstream: [{ steps: [`${OKHEAD}Connection: close\r\n\r\nuntil close`, FIN] }],
      status: [200],
      closed: true,
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'until close'),
    },
    {
      id: 'D24',
      title: 'an unusual status passes',
      ...both(),
      upstream: ['HTTP/1.1 299 Fine Indeed\r\nContent-Length: 2\r\n\r\nok'],
      status: [299],
    },
    {
      id: 'D24',
      title: "the app's own 4xx passes untouched",
      ...both(),
      upstream: [
        'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"detail":"hm."}',
      ],
      status: [404],
      check: (result) => assert.equal(first(result).body.toString('latin1'), '{"detail":"hm."}'),
    },

    twice(
      '204 with Content-Length and a body',
      'GET',
      ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
      204,
      bodilessAndNotReused,
    ),
    twice(
      '204 with a chunked body',
      'GET',
      ['HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
      204,
      bodilessAndNotReused,
    ),
    twice('204 plain', 'GET', ['HTTP/1.1 204 No Content\r\n\r\n'], 204, bodiless),
    twice(
      '304 with Content-Length and no body',
      'GET',
      ['HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 512\r\n\r\n'],
      304,
      (result) => {
        bodiless(result);
        assert.deepEqual(got(result, 'etag'), ['"x"']);
      },
    ),
    twice(
      '304 with a body',
      'GET',
      ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'],
      304,
      bodilessAndNotReused,
    ),
    twice('HEAD answered with a body', 'HEAD', [`${OKHEAD}Content-Length: 5\r\n\r\nhello`], 200, (result) => {
      bodiless(result);
      assert.deepEqual(got(result, 'content-length'), ['5']);
      notReused(result);
    }),
    twice(
      'HEAD answered with chunks',
      'HEAD',
      [`${OKHEAD}Transfer-Encoding: chunked\r\n\r\n`],
      200,
      (result) => assert.equal(first(result).body.length, 0),
    ),
    twice('HEAD with a Content-Length', 'HEAD', [`${OKHEAD}Content-Length: 512\r\n\r\n`], 200, (result) =>
      assert.deepEqual(got(result, 'content-length'), ['512']),
    ),
    twice(
      '205 has no body',
      'GET',
      ['HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
      205,
      (result) => assert.equal(first(result).body.length, 0),
    ),
    twice('an empty 200', 'GET', [`${OKHEAD}Content-Length: 0\r\n\r\n`], 200, (result) =>
      assert.equal(first(result).body.length, 0),
    ),
    twice(
      'surplus bytes behind a complete answer',
      'GET',
      [`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
      200,
      (result) => {
        assert.equal(first(result).body.toString('latin1'), 'ok');
        notReused(result);
      },
    ),
    twice(
      'a second answer nobody asked for, 30 ms later',
      'GET',
      [{ steps: [OK, wait(30), 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'] }],
      200,
      notReused,
    ),
    twice(
      'surplus bytes behind a chunked answer',
      'GET',
      [`${OKHEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nsurplus`],
      200,
      notReused,
    ),
    twice(
      'an answer that says close, from an app that does not close',
      'GET',
      [`${OKHEAD}Connection: close\r\nContent-Length: 2\r\n\r\nok`],
      200,
      notReused,
    ),
    twice(
      'an HTTP/1.0 answer without keep-alive, from an app that does not close',
      'GET',
      ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
      200,
      notReused,
    ),
    twice('a clean answer lets its socket be reused', 'GET', [OK], 200, (result) =>
      assert.equal(result.connections.length, 1),
    ),

    interims(HINT, [103], {
      title: '103 with its Link field reaches the client',
      check: (result) => {
        const [hint] = first(result).interims;
        assert.equal(hint?.status, 103);
        assert.deepEqual(
          hint?.fields.filter(([name]) => name === 'link'),
          [['link', '</s.css>; rel=preload']],
        );
      },
    }),
    interims(HINT, [], {
      title: 'an HTTP/1.0 client gets no interim response',
      h1: [raw('GET /a HTTP/1.0', '')],
      protocols: ['h1'],
    }),
    interims('HTTP/1.1 100 Continue\r\n\r\n', [], {
      title: 'a 100 nobody asked for is dropped or harmless',
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'ok'),
    }),
    interims('HTTP/1.1 102 Processing\r\n\r\n', [102], { title: '102 passes' }),
    interims(HINT.repeat(60), [], {
      title: '60 × 103, then 200',
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'ok'),
    }),
    {
      id: 'D26',
      title: 'a flood of 103 that never ends is cut',
      ...both(),
      group: 'impatient',
      upstream: [{ steps: Array.from({ length: 400 }, () => [HINT.repeat(100), wait(5)]).flat() }],
      status: [502, 504],
      deadline: 4000,
    },
    {
      id: 'D26',
      title: '101 to a request that asked for no upgrade',
      ...both(),
      upstream: ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n'],
      status: [502],
      check: (result) => assert.notEqual(result.connections[0]?.end, 'open'),
    },
    {
      id: 'D26',
      title: '101 with a body to a request that asked for no upgrade',
      ...both(),
      upstream: [
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n\r\nok',
      ],
      status: [502],
      check: (result) => assert.notEqual(result.connections[0]?.end, 'open'),
    },
    broken('a broken interim response', 'HTTP/1.1 103 Early Hints\r\nLink\r\n\r\n', 'D26'),

    {
      id: 'D24',
      title: 'reset before the head',
      ...both({ method: 'POST', body: 'x' }),
      upstream: [{ steps: [RST] }],
      status: [502],
      check: (result) => code(result, 'upstream_error'),
    },
    {
      id: 'D24',
      title: 'end before the head',
      ...both({ method: 'POST', body: 'x' }),
      upstream: [{ steps: [FIN] }],
      status: [502],
    },
    {
      id: 'D24',
      title: 'end in the middle of the head',
      ...both({ method: 'POST', body: 'x' }),
      upstream: [{ steps: ['HTTP/1.1 200 OK\r\nContent-', FIN] }],
      status: [502],
    },
    {
      id: 'D24',
      title: 'a head in single bytes is read',
      ...both(),
      upstream: [{ steps: [...OK].flatMap((char) => [char, wait(1)]) }],
      status: [200],
    },
    {
      id: 'D24',
      title: 'no answer in UPSTREAM_RESPONSE_TIMEOUT is a 504',
      ...both(),
      group: 'impatient',
      upstream: [{ steps: [wait(2500), OK] }],
      status: [504],
      check: (result) => {
        code(result, 'upstream_timeout');
        assert.notEqual(result.connections[0]?.end, 'open', 'its socket is destroyed');
      },
    },
    {
      id: 'D24',
      title: 'a head that drips in longer than UPSTREAM_RESPONSE_TIMEOUT is a 504',
      ...both(),
      group: 'impatient',
      upstream: [{ steps: [...OK].flatMap((char) => [char, wait(200)]) }],
      status: [504],
    },
    {
      id: 'D24',
      title: 'a body that stands still for UPSTREAM_IDLE_TIMEOUT is cut, not completed',
      ...both(),
      group: 'impatient',
      upstream: [{ steps: [`${OKHEAD}Content-Length: 10\r\n\r\nabc`, wait(3000), 'defghij'] }],
      status: [200],
      deadline: 2500,
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), 'abc');
        assert.ok(['cut', 'reset'].includes(first(result).end), `ended ${first(result).end}`);
      },
    },
    {
      id: 'D24',
      title: 'a body that drips within UPSTREAM_IDLE_TIMEOUT is not cut',
      ...both(),
      group: 'impatient',
      upstream: [
        {
          steps: [`${OKHEAD}Content-Length: 4\r\n\r\n`, 'a', wait(600), 'b', wait(600), 'c', wait(600), 'd'],
        },
      ],
      status: [200],
      check: (result) => assert.equal(first(result).body.toString('latin1'), 'abcd'),
    },
    {
      id: 'D24',
      title: 'an answer before the request body is sent goes to the client',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.1', 'Content-Length: 1000\r\n', 'abc')],
      h2: [
        headers(
          1,
          [
            [':method', 'POST'],
            [':scheme', 'http'],
            [':authority', 'app.test'],
            [':path', '/a'],
            ['content-length', '1000'],
          ],
          { end: false },
        ),
      ],
      upstream: [
        {
          at: 'head',
          steps: ['HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'],
        },
      ],
      status: [413],
      check: (result) => {
        assert.equal(first(result).body.toString('latin1'), 'no');
        for (const request of result.requests) assert.ok(!request.complete);
      },
    },
    {
      id: 'D24',
      title: 'an early answer on a kept connection never lets the missing body be filled from elsewhere',
      methods: ['POST'],
      h1: [raw('POST /a HTTP/1.1', 'Content-Length: 100\r\n', 'abc'), until('no'), wait(30)],
      upstream: [{ at: 'head', steps: ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'] }],
      status: [403],
      check: (result) => {
        assert.notEqual(result.connections[0]?.end, 'open', 'its socket carries no other request');
        for (const request of result.requests) assert.ok(!request.complete);
      },
    },
  ],
};
