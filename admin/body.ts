/** Reads a request body on the admin port, whole and bounded. */
import type { IncomingMessage } from 'node:http';
import { AdminProblem } from './reply.ts';

const MAX_BODY = 64 * 1024;

/** Does the declared length alone forbid it? */
export const tooLarge = (message: IncomingMessage) =>
  Number(message.headers['content-length'] ?? 0) > MAX_BODY;

/** Rejects with an AdminProblem: 413 past 64 KB, 400 when the client stops short. */
export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY)
        throw new AdminProblem(413, 'body_too_large', 'The request body is larger than allowed.');
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AdminProblem) throw error;
    throw new AdminProblem(400, 'request_malformed', 'The request body ended early.');
  }
  return Buffer.concat(chunks, size);
}
