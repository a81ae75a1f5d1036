/** The exit of the admin port: what it answers passes the redactor, value by value, so that names of ours stay. */
import type { Redactor } from '../core/redact.ts';
import type { AdminReply } from './reply.ts';

/** The reply as it may leave. Bodies that are streamed are the affair of who writes them. */
export function redacted(reply: AdminReply, redactor: Pick<Redactor, 'text'>): AdminReply {
  const { body, type } = reply;
  if (typeof body !== 'string' || !/^application\/(?:problem\+)?json\b/.test(type)) return reply;
  const value = (_key: string, one: unknown): unknown =>
    typeof one === 'string' ? redactor.text(one, 'admin') : one;
  return { ...reply, body: `${JSON.stringify(JSON.parse(body), value)}\n` };
}
