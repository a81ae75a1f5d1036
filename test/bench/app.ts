/** The app behind every peer where nginx is not installed or streams are wanted: PORT BODY. */
import { createServer, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

/** An event to every listener so often, in milliseconds. */
const EVENT_EVERY = 100;
const EVENT = `event: tick\ndata: {"data":"${'x'.repeat(100)}"}\n\n`;

const [, , port, body = ''] = process.argv;
const bodies = new Map([
  ['/64k', Buffer.alloc(64 * 1024, 'x')],
  ['/1m', Buffer.alloc(1024 * 1024, 'x')],
]);
const small = Buffer.from(body);
const listeners = new Set<ServerResponse>();

const server = createServer((request, response) => {
  if (request.url === '/events') return listen(response);
  const answer = bodies.get(request.url ?? '') ?? small;
  const send = () =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length })
      .end(answer);
  if (request.method === 'POST') request.resume().on('end', send);
  else send();
});

function listen(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}

setInterval(() => {
  for (const listener of listeners) listener.write(EVENT);
}, EVENT_EVERY);

const echo = new WebSocketServer({
  server,
  path: '/echo',
  perMessageDeflate: false,
  skipUTF8Validation: true,
});
echo.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('error', () => {});
});

server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1', 4096);
