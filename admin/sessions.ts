/** Sessions as an operator sees them, ends them, and revokes tokens. */
import { type RevocationRequest, type SessionDirectory, StoreUnavailable } from '../core/sessions.ts';
import { limit } from './audit.ts';
import { AdminProblem, json } from './reply.ts';
import type { Route } from './route.ts';

/** Undefined while no tokens are verified: then there are no sessions to speak of. */
export function sessionRoutes(directory: SessionDirectory | undefined): Route[] {
  const there = (): SessionDirectory => {
    if (directory === undefined)
      throw new AdminProblem(404, 'not_found', 'No tokens are verified here, so there are no sessions.');
    return directory;
  };
  return [
    {
      method: 'GET',
      path: '/sessions',
      open: false,
      async handle({ query }) {
        const subject = query.get('subject') ?? undefined;
        const sessions = await reached(there().list({ subject, limit: limit(query.get('limit')) }));
        return json(200, { sessions });
      },
    },
    {
      method: 'DELETE',
      path: '/sessions/{id}',
      open: false,
      async handle({ params }) {
        const ended = await reached(there().end(params.id as string, 'ended by an operator'));
        if (!ended) throw new AdminProblem(404, 'not_found', 'There is no live session of this id.');
        return json(200, { ended: params.id });
      },
    },
    {
      method: 'POST',
      path: '/revocations',
      open: false,
      async handle(request) {
        const wanted = revocation(await request.body());
        return json(201, { revoked: await reached(there().revoke(wanted)) });
      },
    },
  ];
}

const LONGEST_ID = 1024;
const LONGEST_REASON = 256;
const bad = (detail: string) => new AdminProblem(400, 'request_malformed', detail);

function revocation(body: Buffer): RevocationRequest {
  const { jti, sub, reason = 'revoked by an operator', before } = fields(body);
  const named = [jti, sub].filter((one) => one !== undefined);
  const [id] = named;
  if (named.length !== 1 || typeof id !== 'string' || id === '' || id.length > LONGEST_ID)
    throw bad('Give exactly one of `jti` and `sub`, as a text.');
  if (typeof reason !== 'string' || reason.length > LONGEST_REASON)
    throw bad(`\`reason\` must be a text of at most ${LONGEST_REASON} characters.`);
  const cut = before === undefined ? undefined : typeof before === 'string' ? Date.parse(before) : Number.NaN;
  if (Number.isNaN(cut) || (cut !== undefined && sub === undefined))
    throw bad('`before` must be an ISO 8601 time, and goes with `sub`.');
  return { ...(jti === undefined ? { sub: id } : { jti: id }), reason, before: cut };
}

function fields(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Answered below, as is any other JSON.
  }
  throw bad('The body must be a JSON object such as {"sub":"user-1","reason":"left"}.');
}

async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const detail = 'The store can not be reached at the moment: nothing was changed.';
    throw new AdminProblem(503, 'store_unavailable', detail, { 'Retry-After': '5' });
  }
}
