/** Bare http-proxy at its best: nothing but forwarding, over kept-alive upstream connections. */
import http from 'node:http';
import httpProxy from 'http-proxy';

const [, , port, target] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: 2000, maxFreeSockets: 256 });
const proxy = httpProxy.createProxyServer({ target, agent, xfwd: true });

proxy.on('error', (_error, _request, response) => response.destroy());

// http-proxy waits for an event by which Node no longer tells that the client has left: a stream would go on for ever.
proxy.on('proxyReq', (upstream, request, response) => {
  if (request.url === '/events') response.on('close', () => upstream.destroy());
});

const server = http.createServer((request, response) => proxy.web(request, response));

// An agent that keeps connections would put `Connection: keep-alive` in the place of `upgrade`.
const upgrades = httpProxy.createProxyServer({ target, xfwd: true, ws: true });
upgrades.on('error', (_error, _request, socket) => socket.destroy());
server.on('upgrade', (request, socket, head) => upgrades.ws(request, socket, head));
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1', 4096);
