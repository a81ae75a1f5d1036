/**
 * Tries at start whether Node goes on with a connection after a direct reply, pipelined, with a body, and reused; and
 * whether the body can be had past the request's stream.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { http } from '../../core/node-http.ts';
import { Reply, WholeBody } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';
import { LeanRequest } from './lean-request.ts';
import { DirectWriter } from './reply-writer.ts';

const BODY = 'abc';
const PIPELINED = `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n${BODY}GET /3 HTTP/1.1\r\nHost: a\r\n\r\n`;
const REUSED = 'GET /4 HTTP/1.1\r\nHost: a\r\n\r\n';
/** Milliseconds; it takes a few. */
const PATIENCE = 1000;

/** True when every answer came, whole and in order. Never rejects. */
export function directWorks(): Promise<boolean> {
  const server = http.createServer({ IncomingMessage: LeanRequest, requireHostHeader: false }, respond);
  return new Promise<boolean>((resolve) => {
    const settle = (works: boolean): void => {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
      resolve(works);
    };
    const timer = setTimeout(settle, PATIENCE, false);
    server.once('error', () => settle(false));
    server.listen(0, '127.0.0.1', () => converse((server.address() as AddressInfo).port, settle));
  });
}

/** Says the path back; of a body only after the body, and only if it came past the stream. */
function respond(request: LeanRequest, response: ServerResponse): void {
  const path = request.url ?? '';
  if (request.method === 'GET') {
    answer(request, response, path);
    return;
  }
  let body = '';
  request.giveTo({
    onData: (chunk) => {
      body += chunk.toString('latin1');
    },
    onEnd: () => answer(request, response, body === BODY ? path : '/0'),
  });
}

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  const headers = new HeaderBlock(['Content-Length', String(body.length)]);
  const reply = new Reply(200, headers, undefined, 'railguard');
  new DirectWriter(request.socket, response, '').whole(reply, new WholeBody(body));
}

function converse(port: number, settle: (works: boolean) => void): void {
  const client = net.connect(port, '127.0.0.1');
  let got = '';
  let asked = false;
  client.on('error', () => settle(false));
  client.on('close', () => settle(false));
  client.on('data', (chunk) => {
    got += chunk.toString('latin1');
    const bodies = [...got.matchAll(/\r\n\r\n(\/\d)/g)].map((match) => match[1]).join('');
    if (bodies === '/1/2/3/4') settle(true);
    else if (bodies === '/1/2/3' && !asked) {
      asked = true;
      client.write(REUSED);
    }
  });
  client.write(PIPELINED);
}
