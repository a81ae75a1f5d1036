/** What happened lately to whom: the audit events, newest first. */
import { AUDIT_TYPES, type AuditStore, type AuditType } from '../core/audit.ts';
import { AdminProblem, json } from './reply.ts';
import type { Route } from './route.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export function auditRoute(store: AuditStore): Route {
  return {
    method: 'GET',
    path: '/audit',
    open: false,
    async handle({ query }) {
      const most = limit(query.get('limit'));
      const events = await store.query({
        since: since(query.get('since')),
        type: type(query.get('type')),
        subject: query.get('subject') ?? undefined,
        before: before(query.get('before')),
        limit: most,
      });
      // What `before` takes to go on; null when that was all.
      return json(200, { events, next: (events.length === most && events.at(-1)?.id) || null });
    },
  };
}

const bad = (detail: string) => new AdminProblem(400, 'request_malformed', detail);

/** ISO 8601, or milliseconds since the epoch. */
function since(text: string | null): number | undefined {
  if (text === null) return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time)) throw bad('`since` must be an ISO 8601 time or milliseconds since the epoch.');
  return time;
}

function type(text: string | null): AuditType | undefined {
  if (text === null) return undefined;
  const found = AUDIT_TYPES.find((one) => one === text);
  if (found === undefined) throw bad(`\`type\` must be one of ${AUDIT_TYPES.join(', ')}.`);
  return found;
}

/** Id of an event. */
function before(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw bad('`before` must be the id of an event, such as `next` of the page before.');
  return text.toLowerCase();
}

/** At most 1000, 100 when not given. */
export function limit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw bad('`limit` must be a whole number above 0.');
  return Math.min(count, MAX_LIMIT);
}
