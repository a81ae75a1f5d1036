/** Node's http as it is: `import … from 'node:http'` reads every getter of it, and so loads fetch and WebSocket, 12 MB nobody here uses. */

export const http = process.getBuiltinModule('node:http');
