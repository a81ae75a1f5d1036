/** Our response parser beside Node's own: mutated responses, cut at every place; ours may refuse more, never accept or read otherwise. */
import http from 'node:http';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ResponseEvents, ResponseParser } from '../../proxy/forward/response-parser.ts';

interface Read {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
  readonly trailers: string;
}

/** What ours makes of the bytes: a whole response, or the reason it is refused. */
function ours(
  method: string,
  bytes: Buffer,
  cuts: readonly number[],
  closed = true,
  earlier?: Buffer,
): Read | string {
  let status = 0;
  let headers = '';
  let body = '';
  let result: Read | string = 'incomplete';
  const events: ResponseEvents = {
    onInterim: () => undefined,
    onHead: (head) => {
      status = head.status;
      headers = head.headers.join('\0');
    },
    onBody: (chunk) => {
      body += chunk.toString('latin1');
    },
    onWholeBody: (latin1) => {
      body += latin1;
    },
    onMessageEnd: (trailers) => {
      result = { status, headers, body, trailers: (trailers ?? []).join('\0') };
    },
    onSwitch: () => {
      result = 'switched';
    },
    onFault: (reason) => {
      // After a whole message it is the connection that is refused, not the message.
      if (result === 'incomplete') result = reason;
    },
  };
  const parser = new ResponseParser(events, 64 * 1024);
  if (earlier !== undefined) {
    parser.expect(method, false);
    if (!parser.feed(earlier)) return 'the earlier one ends the connection';
    [status, headers, body, result] = [0, '', '', 'incomplete'];
  }
  parser.expect(method, false);
  let alive = true;
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (alive && cut > from) alive = parser.feed(Buffer.from(bytes.subarray(from, cut)));
    from = cut;
  }
  if (alive && closed) parser.finish();
  return result;
}

/** How many of the bytes the message takes: what follows belongs to nobody, and Node reads it into an error. */
function extent(method: string, bytes: Buffer): number {
  for (let length = 1; length < bytes.length; length++) {
    const read = ours(method, bytes.subarray(0, length), [], false);
    if (typeof read !== 'string') return length;
  }
  return bytes.length;
}

/** What Node's client makes of the same bytes. */
function nodes(method: string, bytes: Buffer): Promise<Read | string> {
  const { promise, resolve } = Promise.withResolvers<Read | string>();
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const request = http.request({
    method,
    createConnection: () => socket,
    path: '/',
    maxHeaderSize: 65_536,
  });
  request.on('error', (error) => resolve(error.message));
  request.on('upgrade', () => resolve('switched'));
  request.on('response', (response) => {
    let body = '';
    response.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    response.on('error', (error) => resolve(error.message));
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.rawHeaders.join('\0'),
        body,
        trailers: response.rawTrailers.join('\0'),
      }),
    );
  });
  request.end();
  setImmediate(() => {
    socket.push(bytes);
    socket.push(null);
  });
  return promise;
}

/** A small deterministic generator: the same seed, the same run. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 204 No Content\r\nETag: "x"\r\n\r\n',
  'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 512\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nconnection: keep-alive, x-hop\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-U: \xc3\xa9\r\nContent-Length: 2\r\n\r\nok',
];
const SPICE = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '\x0b',
  ',',
  ';',
  '0',
  'f',
  '-',
  '+',
  '0x',
  'chunked',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: gzip\r\n',
  'HTTP/1.1 200 OK\r\n',
  '\x7f',
  '\xff',
];

function mutate(random: (below: number) => number): string {
  let text = SEEDS[random(SEEDS.length)] as string;
  for (let n = random(3); n >= 0; n--) {
    const at = random(text.length + 1);
    const spice = SPICE[random(SPICE.length)] as string;
    const kind = random(4);
    if (kind === 0) text = text.slice(0, at) + spice + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + random(3));
    else if (kind === 2) text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    else text = text.slice(0, at) + text.slice(random(text.length), random(text.length)) + text.slice(at);
  }
  return text;
}

const RUNS = Number(process.env.FUZZ_RUNS ?? 4000);

describe('the response parser', () => {
  it("accepts nothing that Node's client refuses, and reads what both accept alike", async () => {
    const random = generator(20_261_125);
    let both = 0;
    for (let run = 0; run < RUNS; run++) {
      const method = random(8) === 0 ? 'HEAD' : 'GET';
      const text = mutate(random);
      const bytes = Buffer.from(text, 'latin1');
      const mine = ours(method, bytes, []);
      if (typeof mine === 'string') continue;
      both++;
      expect([text, mine]).toEqual([text, await nodes(method, bytes.subarray(0, extent(method, bytes)))]);
    }
    expect(both).toBeGreaterThan(RUNS / 10);
  });

  it('reads the same whatever way the bytes are cut', () => {
    const random = generator(7);
    for (let run = 0; run < RUNS / 4; run++) {
      const bytes = Buffer.from(mutate(random), 'latin1');
      const whole = ours('GET', bytes, []);
      for (let cut = 1; cut < bytes.length; cut++) {
        const cutUp = ours('GET', bytes, [cut, Math.min(bytes.length, cut + 1 + random(8))]);
        if (typeof whole === 'string')
          expect([bytes.toString('latin1'), typeof cutUp]).toEqual([bytes.toString('latin1'), 'string']);
        else expect([bytes.toString('latin1'), cutUp]).toEqual([bytes.toString('latin1'), whole]);
      }
    }
  });

  it('reads the same whatever head it read before: one that comes again is not read again', () => {
    const random = generator(11);
    let alike = 0;
    for (let run = 0; run < RUNS; run++) {
      const method = random(8) === 0 ? 'HEAD' : 'GET';
      const earlier = SEEDS[random(SEEDS.length)] as string;
      // Mostly the same head, and another end.
      const end = earlier.indexOf('\r\n\r\n') + 4 - (random(4) === 0 ? random(9) : 0);
      const text =
        random(3) === 0 ? mutate(random) : earlier.slice(0, end) + mutate(random).slice(-random(60));
      const bytes = Buffer.from(text, 'latin1');
      const cuts = random(2) === 0 ? [] : [random(bytes.length)];
      const anew = ours(method, bytes, cuts);
      const again = ours(method, bytes, cuts, true, Buffer.from(earlier, 'latin1'));
      if (again === 'the earlier one ends the connection') continue;
      if (typeof anew !== 'string') alike++;
      expect([earlier, text, again]).toEqual([earlier, text, anew]);
    }
    expect(alike).toBeGreaterThan(RUNS / 10);
  });
});
