/** An app with the habits that railguard mends: it names its server, leaks on errors and sets no security header. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { echoWebSocket } from './websocket-echo.ts';

export interface SampleApp {
  readonly port: number;
  close(): Promise<void>;
}

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => void | Promise<void>;

const MAX_ECHO = 1024 * 1024;
const MAX_SLOW_SECONDS = 60;
const MAX_EVENTS = 3600;

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /': (request, response) =>
    json(response, 200, {
      app: 'railguard sample',
      correlation_id: request.headers['x-correlation-id'] ?? null,
    }),
  'GET /health': (_request, response) => json(response, 200, { status: 'ok' }),
  'GET /events': events,
  'GET /ws': (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade' }).end();
  },
  'GET /slow': slow,
  'GET /crash': crash,
  'GET /headers': (request, response) => json(response, 200, { headers: request.rawHeaders }),
  'POST /upload': upload,
};

/** Listens on a free port of 127.0.0.1. */
export function startSampleApp(): Promise<SampleApp> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', echoWebSocket);
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Server', 'sample/1.0');
  response.setHeader('X-Powered-By', 'sample');
  const [path, query] = (request.url ?? '/').split('?', 2);
  const handler =
    path === '/echo' ? echo : ROUTES[`${request.method === 'HEAD' ? 'GET' : request.method} ${path}`];
  if (handler === undefined) json(response, 404, { detail: 'Not Found' });
  else await handler(request, response, new URLSearchParams(query));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}

function events(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  let sent = 0;
  const tick = () => {
    response.write(`id: ${sent}\ndata: {"tick":${sent}}\n\n`);
    if (++sent === MAX_EVENTS) response.end();
  };
  tick();
  const timer = setInterval(tick, 500);
  response.once('close', () => clearInterval(timer));
}

function slow(_request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
  const asked = Number(query.get('s') ?? 1);
  const seconds = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), MAX_SLOW_SECONDS) : 1;
  const timer = setTimeout(() => json(response, 200, { waited_seconds: seconds }), seconds * 1000);
  response.once('close', () => clearTimeout(timer));
}

/** The worst that a real app does: a stack and a credential in the body of a 500. */
function crash(_request: IncomingMessage, response: ServerResponse): void {
  const error = new Error(
    'can not connect to postgresql://sample:not-a-real-password@db.internal:5432/sample',
  );
  response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${error.stack}\n`);
}

async function upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  json(response, 200, { bytes, sha256: hash.digest('hex') });
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_ECHO) chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  json(response, 200, { method: request.method, url: request.url, headers: request.headers, bytes, body });
}
