/** The app behind every peer where nginx is not installed: 1 KB of JSON from memory. */
import { createServer } from 'node:http';

const [, , port, body = ''] = process.argv;
const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };

const server = createServer((_request, response) => {
  response.writeHead(200, head).end(body);
});
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1', 4096);
