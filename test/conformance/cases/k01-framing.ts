/** K1: where a request ends. Whatever two readers could take apart differently is refused (RFC 9112 §6). */
import assert from 'node:assert/strict';
import { FIN } from '../bytes.ts';
import { type Case, first, h2, type Kind, neverCompleted, only, pseudo, raw, sent } from '../case.ts';
import { data, headers } from '../h2-frames.ts';

const POST = 'POST /a HTTP/1.1';

const refused = (title: string, fields: string, body = '0\r\n\r\nG', more: Partial<Case> = {}): Case => ({
  id: 'D01',
  title,
  h1: [raw(POST, fields, body)],
  methods: ['POST'],
  status: [400],
  closed: true,
  seen: 0,
  ...more,
});

const lengthRefused = (title: string, value: string): Case =>
  refused(title, `Content-Length: ${value}\r\n`, 'abcdefGET /secret HTTP/1.1\r\nHost: app.test\r\n\r\n');

const oneLength = (title: string, fields: string): Case => ({
  id: 'D01',
  title,
  h1: [raw(POST, fields, 'abcdef')],
  methods: ['POST'],
  status: [400, 200],
  check: (result) => {
    if (first(result).status === 200) assert.deepEqual(sent(result, 'content-length'), ['6']);
    else assert.equal(result.requests.length, 0);
  },
});

const codingRefused = (title: string, lines: string): Case =>
  refused(title, lines, '1\r\nZ\r\n0\r\n\r\n', { id: 'D02', status: [400, 501] });

const accepted = (title: string, fields: string, body: string, arrives: string): Case => ({
  id: 'D01',
  title,
  h1: [raw(POST, fields, body)],
  methods: ['POST'],
  status: [200],
  seen: 1,
  check: (result) => assert.equal(only(result).body.toString('latin1'), arrives),
});

/** Refused, or read as RFC 9110 §5.6.1.2 says; what goes upstream is framed by railguard. */
const emptyMember = (title: string, value: string): Case => ({
  id: 'D02',
  title: `Transfer-Encoding with ${title} never travels`,
  h1: [raw(POST, `Transfer-Encoding: ${value}\r\n`, '1\r\nZ\r\n0\r\n\r\n')],
  methods: ['POST'],
  status: [400, 501, 200],
  check: (result) => {
    for (const { fault } of result.connections) assert.equal(fault, '');
    if (first(result).status === 200) assert.equal(only(result).body.toString('latin1'), 'Z');
    else assert.equal(result.requests.length, 0);
  },
});

const badChunk = (title: string, body: string, status: Case['status'] = [400]): Case => ({
  id: 'D01',
  title,
  h1: [raw(POST, 'Transfer-Encoding: chunked\r\n', body)],
  methods: ['POST'],
  status,
  closed: true,
  check: neverCompleted,
});

const badLine = (title: string, line: string, status: Case['status'] = [400]): Case => ({
  id: 'D01',
  title,
  h1: [`${line}\r\nHost: app.test\r\n\r\n`],
  status,
  closed: true,
  seen: 0,
});

const badField = (title: string, fields: string): Case => ({
  id: 'D01',
  title,
  h1: [raw('GET /a HTTP/1.1', fields)],
  status: [400],
  closed: true,
  seen: 0,
});

/** A malformed h2 request: a stream error, or 400 before it (RFC 9113 §8.1.1). */
const malformed = (title: string, frames: Buffer): Case => ({
  id: 'D01',
  title,
  h2: [frames],
  status: ['refused', 400],
  check: (result) => {
    for (const request of result.requests)
      assert.ok(!request.complete, `${request.method} reached the upstream`);
  },
});

/** A field that breaks RFC 9113 §8.2.1: the message is refused, or the field is gone before it can do harm. */
const badH2Field = (title: string, name: string, value: string): Case => ({
  ...malformed(title, headers(1, [...pseudo(), [name, value]])),
  status: ['refused', 400, 200],
  check: (result) => {
    if (first(result).status !== 200) {
      assert.equal(result.requests.length, 0);
      return;
    }
    for (const { fault, bytes } of result.connections) {
      assert.equal(fault, '');
      assert.ok(!bytes.includes('zz'), 'nothing of the field reaches the upstream');
    }
  },
});

const none = (title: string, frames: Buffer): Case => ({ ...malformed(title, frames), seen: 0 });

export const framing: Kind = {
  kind: 'K1',
  title: 'message framing',
  cases: [
    refused('Content-Length before Transfer-Encoding', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n'),
    refused('Transfer-Encoding before Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n'),
    lengthRefused('Content-Length with a plus sign', '+6'),
    lengthRefused('Content-Length with a minus sign', '-6'),
    lengthRefused('Content-Length in hexadecimal', '0x6'),
    lengthRefused('Content-Length empty', ''),
    lengthRefused('Content-Length with an inner space', '6 6'),
    lengthRefused('Content-Length with a fraction', '6.0'),
    lengthRefused('Content-Length with an exponent', '6e0'),
    lengthRefused('Content-Length list that differs', '6, 7'),
    lengthRefused('Content-Length with a trailing vertical tab', '6\x0b'),
    refused('two Content-Length lines that differ', 'Content-Length: 6\r\nContent-Length: 0\r\n', 'abcdef'),
    refused('Content-Length over 64 bits', 'Content-Length: 18446744073709551622\r\n', 'abcdef', {
      status: [400, 413],
    }),
    refused('Content-Length of 400 digits', `Content-Length: ${'9'.repeat(400)}\r\n`, 'abcdef', {
      status: [400, 413],
    }),
    accepted('Content-Length with surrounding blanks', 'Content-Length: \t 6 \t\r\n', 'abcdef', 'abcdef'),
    accepted('Content-Length with leading zeros', 'Content-Length: 006\r\n', 'abcdef', 'abcdef'),
    oneLength(
      'two equal Content-Length lines are one or refused',
      'Content-Length: 6\r\nContent-Length: 6\r\n',
    ),
    oneLength('Content-Length list of equals is one or refused', 'Content-Length: 6, 6\r\n'),

    emptyMember('an empty first member', ',chunked'),
    emptyMember('an empty last member', 'chunked,'),
    codingRefused('Transfer-Encoding: identity', 'Transfer-Encoding: identity\r\n'),
    codingRefused('Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: gzip, chunked\r\n'),
    codingRefused('Transfer-Encoding: chunked, gzip', 'Transfer-Encoding: chunked, gzip\r\n'),
    codingRefused('Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: chunked, chunked\r\n'),
    codingRefused('Transfer-Encoding: xchunked', 'Transfer-Encoding: xchunked\r\n'),
    codingRefused('Transfer-Encoding: chunked with a vertical tab', 'Transfer-Encoding: chunked\x0b\r\n'),
    codingRefused('Transfer-Encoding: vertical tab before chunked', 'Transfer-Encoding: \x0bchunked\r\n'),
    codingRefused('Transfer-Encoding: chunked with a parameter', 'Transfer-Encoding: chunked;q=1\r\n'),
    codingRefused('Transfer-Encoding quoted', 'Transfer-Encoding: "chunked"\r\n'),
    codingRefused('Transfer-Encoding empty', 'Transfer-Encoding:\r\n'),
    codingRefused(
      'Transfer-Encoding chunked twice',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    ),
    codingRefused(
      'Transfer-Encoding chunked, then identity',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    ),
    codingRefused('Transfer-Encoding: gzip alone', 'Transfer-Encoding: gzip\r\n'),
    codingRefused('Transfer-Encoding folded', 'Transfer-Encoding:\r\n chunked\r\n'),
    {
      id: 'D02',
      title: 'Transfer-Encoding in any letter case is chunked',
      h1: [raw(POST, 'Transfer-Encoding: ChUnKeD\r\n', '1\r\nZ\r\n0\r\n\r\n')],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.toString('latin1'), 'Z'),
    },
    {
      id: 'D02',
      title: 'Transfer-Encoding in HTTP/1.0 is refused, or ends the connection (RFC 9112 §6.1)',
      h1: [
        raw(
          'POST /a HTTP/1.0',
          'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n',
          '1\r\nZ\r\n0\r\n\r\n',
        ),
      ],
      status: [400, 200, 505],
      closed: true,
      check: (result) => {
        for (const { fault } of result.connections) assert.equal(fault, '');
        assert.ok(result.requests.length <= 1);
      },
    },

    badChunk('chunk size over 64 bits', 'ffffffffffffffff1\r\nabc'),
    badChunk('chunk size of 17 digits with leading zeros and more', `${'f'.repeat(40)}\r\nabc`),
    badChunk('chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'),
    badChunk('chunk size with a sign', '-3\r\nabc\r\n0\r\n\r\n'),
    badChunk('chunk size with a leading blank', ' 3\r\nabc\r\n0\r\n\r\n'),
    badChunk('chunk size empty', '\r\nabc\r\n0\r\n\r\n'),
    badChunk('chunk size not hexadecimal', 'G\r\nabc\r\n0\r\n\r\n'),
    badChunk('chunk without CRLF behind its data', '3\r\nabc0\r\n\r\n'),
    badChunk('chunk longer than its size', '3\r\nabcdef\r\n0\r\n\r\n'),
    badChunk('chunk size line ended by a bare LF', '3\nabc\r\n0\r\n\r\n'),
    badChunk('chunk extension with a bare LF', '3;a\nabc\r\n0\r\n\r\n'),
    badChunk('chunk data ended by a bare LF', '3\r\nabc\n0\r\n\r\n'),
    badChunk('chunk size line ended by a bare CR', '3\rabc\r\n0\r\n\r\n'),
    badChunk('chunk extension of 64 KB', `3;x=${'y'.repeat(65_536)}\r\nabc\r\n0\r\n\r\n`, [400, 413, 431]),
    badChunk('malformed trailer line', '3\r\nabc\r\n0\r\nbad trailer\r\n\r\n'),
    badChunk(
      'trailer section of 64 KB',
      `3\r\nabc\r\n0\r\nX-T: ${'y'.repeat(65_536)}\r\n\r\n`,
      [400, 413, 431],
    ),
    {
      id: 'D01',
      title: 'a small chunk extension is dropped',
      h1: [raw(POST, 'Transfer-Encoding: chunked\r\n', '3;a="b"\r\nabc\r\n0;c\r\n\r\n')],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.toString('latin1'), 'abc'),
    },
    {
      id: 'D01',
      title:
        'trailers never become fields of the head, nor carry framing, routing or credentials (RFC 9110 §6.5.1)',
      h1: [
        raw(
          POST,
          'Transfer-Encoding: chunked\r\nTrailer: X-Sum, Content-Length, Host, Authorization\r\n',
          '3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: 99\r\nHost: evil.test\r\nAuthorization: Bearer t\r\nTransfer-Encoding: gzip\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n',
        ),
      ],
      status: [200, 400],
      check: (result) => {
        if (first(result).status === 400) return neverCompleted(result);
        const forbidden = ['content-length', 'host', 'authorization', 'transfer-encoding', 'x-forwarded-for'];
        const { trailers } = only(result);
        assert.deepEqual(
          trailers.filter(([name]) => forbidden.includes(name)),
          [],
        );
        assert.deepEqual(sent(result, 'host'), ['app.test']);
        assert.deepEqual(sent(result, 'authorization'), []);
        assert.deepEqual(sent(result, 'x-sum'), []);
      },
    },

    badLine('request line with HTTP/2.0', 'GET /a HTTP/2.0', [400, 505]),
    badLine('request line with HTTP/0.9', 'GET /a HTTP/0.9', [400, 505]),
    badLine('request line without a version', 'GET /a'),
    badLine('request line with a lower-case version', 'GET /a http/1.1'),
    badLine('request line with HTTP/1.1x', 'GET /a HTTP/1.1x'),
    badLine('request line with HTTP/11', 'GET /a HTTP/11'),
    badLine('request line with HTTP/1.10', 'GET /a HTTP/1.10'),
    badLine('request line with a space in the target', 'GET /a b HTTP/1.1'),
    badLine('request line with a tab', 'GET\t/a\tHTTP/1.1'),
    badLine('request line without a target', 'GET  HTTP/1.1'),
    badLine('method with a forbidden character', 'G@T /a HTTP/1.1', [400, 405, 501]),
    badLine('authority-form with GET (RFC 9112 §3.2.3)', 'GET app.test:80 HTTP/1.1'),
    badLine('asterisk-form with GET (RFC 9112 §3.2.4)', 'GET * HTTP/1.1'),
    badLine('a relative target', 'GET a HTTP/1.1'),
    badLine('a target with a fragment (RFC 9112 §3.2)', 'GET /a#b HTTP/1.1'),
    badLine('a target with NUL', 'GET /a\0b HTTP/1.1'),
    badLine('a target with BEL', 'GET /a\x07b HTTP/1.1'),
    badLine('a target with DEL', 'GET /a\x7fb HTTP/1.1'),
    badLine('a target with a bare CR', 'GET /a\rb HTTP/1.1'),
    badLine('a target with a bare LF', 'GET /a\nX: b HTTP/1.1'),
    {
      id: 'D01',
      title: 'a higher minor version is served as HTTP/1.1, or refused (RFC 9110 §2.5)',
      h1: [raw('GET /a HTTP/1.2', '')],
      status: [200, 400, 505],
      check: (result) => {
        for (const request of result.requests) assert.equal(request.version, 'HTTP/1.1');
      },
    },
    {
      id: 'D01',
      title: 'blanks around the target are refused, or never passed on',
      h1: [raw('GET   /a HTTP/1.1', '')],
      status: [200, 400],
      check: (result) => {
        for (const { fault } of result.connections) assert.equal(fault, '');
        for (const request of result.requests) assert.equal(request.target, '/a');
      },
    },
    {
      id: 'D01',
      title: 'empty lines before the request line are skipped (RFC 9112 §2.2)',
      h1: [`\r\n\r\n${raw('GET /a HTTP/1.1', '')}`],
      status: [200],
      seen: 1,
    },
    {
      id: 'D01',
      title: 'absolute-form of the same host is served (RFC 9112 §3.2.2)',
      h1: [raw('GET http://app.test/a?b=1 HTTP/1.1', '')],
      status: [200],
      seen: 1,
      check: (result) => {
        assert.match(only(result).target, /^(http:\/\/app\.test)?\/a\?b=1$/);
        assert.deepEqual(sent(result, 'host'), ['app.test']);
      },
    },
    {
      id: 'D01',
      title: 'absolute-form of another host: the target decides, or it is refused (RFC 9112 §3.2.2)',
      h1: [raw('GET http://evil.test/a HTTP/1.1', '')],
      status: [200, 400, 421],
      check: (result) => {
        if (result.requests.length === 0) return;
        assert.deepEqual(sent(result, 'host'), ['evil.test']);
        assert.deepEqual(sent(result, 'x-forwarded-host'), ['evil.test']);
      },
    },
    {
      ...badLine('absolute-form with userinfo (RFC 9110 §4.2.4)', 'GET http://app.test@evil.test/a HTTP/1.1'),
      status: [400, 421],
    },
    {
      id: 'D01',
      title: 'OPTIONS * is served',
      h1: [raw('OPTIONS * HTTP/1.1', '')],
      methods: ['OPTIONS'],
      status: [200, 204],
      check: (result) => {
        for (const request of result.requests) assert.equal(request.target, '*');
      },
    },

    badField('a blank before the colon (RFC 9112 §5.1)', 'X-A : 1\r\n'),
    badField('a tab before the colon', 'X-A\t: 1\r\n'),
    badField('Content-Length with a blank before the colon', 'Content-Length : 5\r\n'),
    badField('an empty field name', ': 1\r\n'),
    badField('a field line without a colon', 'X-A\r\n'),
    badField('a field name with a parenthesis', 'X(A): 1\r\n'),
    badField('a field name with a non-ASCII byte', 'X-\xe9: 1\r\n'),
    badField('a blank line-start before the first field', ' X-A: 1\r\n'),
    badField('NUL in a value', 'X-A: a\0b\r\n'),
    badField('a bare CR in a value', 'X-A: a\rb\r\n'),
    badField('a bare CR that hides a field', 'X-A: a\rTransfer-Encoding: chunked\r\n'),
    badField('a bare LF that ends a field line', 'X-A: a\nX-B: b\r\n'),
    badField('a control byte in a value', 'X-A: a\x01b\r\n'),
    badField('DEL in a value', 'X-A: a\x7fb\r\n'),
    {
      id: 'D01',
      title: 'obs-fold is refused or replaced by blanks (RFC 9112 §5.2)',
      h1: [raw('GET /a HTTP/1.1', 'X-A: a\r\n b: c\r\n\td\r\n')],
      status: [400, 200],
      check: (result) => {
        for (const { fault } of result.connections) assert.equal(fault, '');
        for (const request of result.requests)
          assert.ok(!request.fields.some(([name]) => name === 'b'), 'the folded line is not a field');
      },
    },
    {
      id: 'D01',
      title: 'a head of bare LF lines is refused',
      h1: ['GET /a HTTP/1.1\nHost: app.test\n\n'],
      status: [400],
      closed: true,
      seen: 0,
    },
    {
      id: 'D01',
      title: 'pipelined requests are answered in order, each under its own framing',
      h1: [
        raw(POST, 'Content-Length: 3\r\n', 'abc') + raw('GET /b HTTP/1.1', '') + raw('GET /c HTTP/1.1', ''),
      ],
      methods: ['POST', 'GET', 'GET'],
      upstream: ['1', '2', '3'].map((n) => `HTTP/1.1 200 OK\r\nX-N: ${n}\r\nContent-Length: 1\r\n\r\n${n}`),
      status: [[200, 200, 200]],
      seen: 3,
      check: (result) => {
        assert.deepEqual(
          result.replies.map((reply) => reply.body.toString('latin1')),
          ['1', '2', '3'],
        );
        assert.deepEqual(result.requests.map((r) => r.target).sort(), ['/a', '/b', '/c']);
      },
    },
    {
      id: 'D01',
      title: 'a malformed request behind a good one is refused and the good one answered',
      h1: [
        raw('GET /a HTTP/1.1', '') +
          raw(POST, 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
      ],
      methods: ['GET', 'POST'],
      status: [[200, 400]],
      closed: true,
      seen: 1,
    },
    {
      id: 'D01',
      title: 'a head that ends with the connection is not a request',
      h1: ['GET /a HTTP/1.1\r\nHost: app.test\r\n', FIN],
      status: [400, 'refused', 408],
      seen: 0,
      check: (result) => assert.ok(result.closed),
    },
    {
      id: 'D01',
      title: 'TLS on the plain port is refused',
      h1: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      status: [400, 'refused'],
      closed: true,
      seen: 0,
    },
    {
      id: 'D01',
      title: 'a broken HTTP/2 preface is refused',
      h1: ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'],
      deadline: 1500,
      check: (result) => {
        assert.ok(result.closed);
        assert.equal(result.connections.length, 0);
      },
    },

    malformed(
      'h2 Content-Length more than the DATA (RFC 9113 §8.1.1)',
      Buffer.concat([
        headers(1, [...pseudo('POST'), ['content-length', '10']], { end: false }),
        data(1, 'abc'),
      ]),
    ),
    malformed(
      'h2 Content-Length less than the DATA',
      Buffer.concat([
        headers(1, [...pseudo('POST'), ['content-length', '1']], { end: false }),
        data(1, 'aGET /secret HTTP/1.1\r\n\r\n'),
      ]),
    ),
    none(
      'h2 Content-Length and END_STREAM without DATA',
      headers(1, [...pseudo('POST'), ['content-length', '5']]),
    ),
    none(
      'h2 Content-Length twice',
      headers(1, [...pseudo('POST'), ['content-length', '0'], ['content-length', '5']]),
    ),
    none('h2 Content-Length not a number', headers(1, [...pseudo('POST'), ['content-length', '+0']])),
    none(
      'h2 Transfer-Encoding (RFC 9113 §8.2.2)',
      headers(1, [...pseudo('POST'), ['transfer-encoding', 'chunked']]),
    ),
    none('h2 Connection', headers(1, [...pseudo(), ['connection', 'close']])),
    none('h2 Keep-Alive', headers(1, [...pseudo(), ['keep-alive', 'timeout=5']])),
    none('h2 Proxy-Connection', headers(1, [...pseudo(), ['proxy-connection', 'keep-alive']])),
    none('h2 Upgrade', headers(1, [...pseudo(), ['upgrade', 'websocket']])),
    none('h2 TE other than trailers', headers(1, [...pseudo(), ['te', 'gzip']])),
    none('h2 field name in upper case', headers(1, [...pseudo(), ['X-A', '1']])),
    badH2Field('h2 field name with a blank', 'x zz', '1'),
    badH2Field('h2 field name with a colon', 'x:zz', '1'),
    badH2Field('h2 field name empty', '', 'zz'),
    badH2Field('h2 field name with CRLF', 'x\r\nzz', '1'),
    badH2Field('h2 CRLF in a value', 'x-a', 'a\r\nX-Evil: zz'),
    badH2Field('h2 LF in a value', 'x-a', 'a\nzz'),
    badH2Field('h2 NUL in a value', 'x-a', 'a\0zz'),
    none('h2 CRLF in :path', headers(1, pseudo('GET', '/a HTTP/1.1\r\nX-Evil: 1'))),
    none('h2 a blank in :path', headers(1, pseudo('GET', '/a b'))),
    none('h2 a fragment in :path', headers(1, pseudo('GET', '/a#b'))),
    none('h2 :path empty', headers(1, pseudo('GET', ''))),
    none('h2 :path without a slash', headers(1, pseudo('GET', 'a'))),
    none('h2 :path in absolute form', headers(1, pseudo('GET', 'http://evil.test/a'))),
    none(
      'h2 :path missing',
      headers(
        1,
        pseudo().filter(([name]) => name !== ':path'),
      ),
    ),
    none(
      'h2 :method missing',
      headers(
        1,
        pseudo().filter(([name]) => name !== ':method'),
      ),
    ),
    none(
      'h2 :scheme missing',
      headers(
        1,
        pseudo().filter(([name]) => name !== ':scheme'),
      ),
    ),
    none('h2 two :path', headers(1, [...pseudo(), [':path', '/b']])),
    none('h2 two :method', headers(1, [...pseudo(), [':method', 'POST']])),
    none('h2 two :authority', headers(1, [...pseudo(), [':authority', 'evil.test']])),
    none('h2 pseudo-field behind a regular one', headers(1, [['x-a', '1'], ...pseudo()])),
    none('h2 unknown pseudo-field', headers(1, [...pseudo(), [':foo', '1']])),
    none('h2 response pseudo-field in a request', headers(1, [...pseudo(), [':status', '200']])),
    none('h2 CRLF in :method', headers(1, pseudo('GET /x HTTP/1.1\r\nA: b', '/a'))),
    none('h2 :method with a blank', headers(1, pseudo('GE T', '/a'))),
    {
      id: 'D01',
      title: 'h2 an odd :scheme is refused or ignored, never believed',
      h2: [
        headers(1, [
          [':method', 'GET'],
          [':scheme', 'ftp'],
          [':authority', 'app.test'],
          [':path', '/a'],
        ]),
      ],
      status: [200, 400, 'refused'],
      check: (result) => {
        if (result.requests.length > 0) assert.deepEqual(sent(result, 'x-forwarded-proto'), ['http']);
      },
    },
    {
      id: 'D01',
      title: 'h2 :scheme https on a plain connection is not believed',
      h2: [
        headers(1, [
          [':method', 'GET'],
          [':scheme', 'https'],
          [':authority', 'app.test'],
          [':path', '/a'],
        ]),
      ],
      status: [200, 400, 'refused'],
      check: (result) => {
        if (result.requests.length > 0) assert.deepEqual(sent(result, 'x-forwarded-proto'), ['http']);
      },
    },
    malformed(
      'h2 trailers with a pseudo-field',
      Buffer.concat([
        headers(1, pseudo('POST'), { end: false }),
        data(1, 'abc', { end: false }),
        headers(1, [[':path', '/evil']]),
      ]),
    ),
    malformed(
      'h2 trailers without END_STREAM',
      Buffer.concat([
        headers(1, pseudo('POST'), { end: false }),
        data(1, 'abc', { end: false }),
        headers(1, [['x-sum', '1']], { end: false }),
      ]),
    ),
    {
      id: 'D01',
      title: 'h2 trailers never become fields of the head',
      h2: [
        Buffer.concat([
          headers(1, pseudo('POST'), { end: false }),
          data(1, 'abc', { end: false }),
          headers(1, [
            ['x-sum', '1'],
            ['authorization', 'Bearer t'],
          ]),
        ]),
      ],
      status: [200, 'refused', 400],
      check: (result) => {
        if (result.replies[0]?.status !== 200) return neverCompleted(result);
        assert.equal(only(result).body.toString('latin1'), 'abc');
        assert.deepEqual(sent(result, 'authorization'), []);
        assert.ok(!only(result).trailers.some(([name]) => name === 'authorization'));
      },
    },
    {
      id: 'D01',
      title: 'h2 a body without Content-Length arrives framed',
      h2: [Buffer.concat([headers(1, pseudo('POST'), { end: false }), data(1, 'abc')])],
      status: [200],
      seen: 1,
      check: (result) => assert.equal(only(result).body.toString('latin1'), 'abc'),
    },
    {
      id: 'D01',
      title: 'h2 te: trailers is accepted',
      h2: [headers(1, [...pseudo(), ['te', 'trailers']])],
      status: [200],
      seen: 1,
    },
    {
      id: 'D01',
      title: 'h2 two streams at once are two requests',
      h2: [Buffer.concat([h2({ target: '/a' }, 1), h2({ target: '/b' }, 3)])],
      status: [[200, 200]],
      seen: 2,
    },
  ],
};
