/** How much one user, or one client without a verified token, may ask: two lines of the chain, one count a request. */
import { createHash } from 'node:crypto';
import { Recent } from '../../core/recent.ts';
import { clientKey } from '../client-key.ts';
import type { Exchange, Filter, Maybe, Reply } from '../exchange.ts';
import { FixedFields, flat, namesOf } from '../header-block.ts';
import { View } from '../header-view.ts';
import { pathMatcher } from '../path.ts';
import { Problem } from '../problem.ts';
import type { CredentialGuard, Presented } from '../stores/credential-guard.ts';
import type { Decision, Policy } from '../stores/gcra.ts';
import type { Limiter } from '../stores/store.ts';

export interface RateRoute {
  /** Undefined for every method; `GET` stands for HEAD too. */
  readonly method: string | undefined;
  /** Exact, or a prefix ending in `/*`. */
  readonly path: string;
  readonly policy: Policy;
}

export interface RateLimitOptions {
  readonly limiter: Limiter;
  readonly policy: Policy;
  /** Instead of `policy`; the first that matches. */
  readonly routes: readonly RateRoute[];
  readonly exemptPaths: readonly string[];
  readonly headers: 'both' | 'draft' | 'legacy' | 'off';
  /** Given when tokens are verified further down the chain: then a request that presents one is counted there. */
  readonly credentials?:
    | { readonly of: (x: Exchange) => Presented | undefined; readonly guard: CredentialGuard }
    | undefined;
}

/** RFC 9457 type of a spent quota (IANA registry). */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/**
 * Every request is counted once: by address on the first line when it presents no credential; else on the second, by
 * subject when the credential verified, by address when nobody judged it. One that was refused in between counts
 * as a failed credential of its address.
 */
export function rateLimit(options: RateLimitOptions): {
  readonly byClient: Filter;
  readonly bySubject: Filter;
} {
  const { limiter, credentials } = options;
  const exempt = pathMatcher(options.exemptPaths);
  const policyOf = policyFinder(options);
  const write = headerWriter(options.headers);

  const charge = (x: Exchange, key: string): Maybe<Reply> => {
    const answer = limiter.decide(key, policyOf(x.request.method, x.request.path));
    return answer instanceof Promise ? answer.then((given) => settle(x, given)) : settle(x, answer);
  };

  return {
    byClient: {
      name: 'rate-limit',
      request(x) {
        if (exempt(x.request.path)) return undefined;
        const client = clientKey(x.client.address);
        const credential = credentials?.of(x);
        if (credential === undefined) return charge(x, `c:${client}`);
        const refusal = credentials?.guard.refusal(client, credential);
        return refusal === undefined ? undefined : settle(x, refusal);
      },
      response(x, reply) {
        if (x.rate !== undefined) {
          write(x.rate, reply);
          return;
        }
        if (credentials === undefined || reply.origin !== 'railguard' || reply.status >= 500) return;
        const credential = exempt(x.request.path) ? undefined : credentials.of(x);
        if (credential !== undefined) credentials.guard.failed(clientKey(x.client.address), credential);
      },
    },
    bySubject: {
      name: 'rate-limit',
      request(x) {
        if (x.rate !== undefined || exempt(x.request.path)) return undefined;
        if (x.identity === undefined) return charge(x, `c:${clientKey(x.client.address)}`);
        const credential = credentials?.of(x);
        if (credential !== undefined) credentials?.guard.verified(credential);
        return charge(x, subjectKey(x.identity.subject));
      },
    },
  };
}

/** What the client presents as its credential: the Authorization field, or the token cookie when there is one. */
export function presentedCredential(cookieName: string | undefined): (x: Exchange) => Presented | undefined {
  const prefix = `${cookieName}=`;
  const presented = new View((headers): Presented | undefined => {
    const field = headers.get('authorization');
    if (field !== undefined) return { text: field };
    if (cookieName === undefined) return undefined;
    for (const line of headers.getAll('cookie')) {
      for (const pair of line.split(';')) {
        const text = pair.trimStart();
        if (text.startsWith(prefix)) return { text };
      }
    }
    return undefined;
  });
  return (x) => presented.of(x.request.headers);
}

/** Throws the refusal, after leaving the decision for the way back. */
function settle(x: Exchange, given: Decision): undefined {
  x.rate = given;
  if (given.allowed) return undefined;
  throw new Problem('rate_limited', {
    type: QUOTA_EXCEEDED,
    headers: ['Retry-After', String(Math.max(1, seconds(given.retryAfterMs)))],
    members: { 'violated-policies': [given.policy.name] },
  });
}

/** Whole seconds, never early. */
const seconds = (ms: number): number => Math.ceil(ms / 1000);

/** The keys of subjects seen lately, each in one piece. */
const subjectKeys = new Recent<string>(4096);

function subjectKey(subject: string): string {
  let key = subjectKeys.get(subject);
  if (key === undefined) {
    key = flat(keyOfSubject(subject));
    if (subject.length <= 256) subjectKeys.set(subject, key);
  }
  return key;
}

/** Short and plain subjects as they are; any other by a digest, so that no store sees odd bytes or long keys. */
function keyOfSubject(subject: string): string {
  if (/^[\x21-\x7e]{1,64}$/.test(subject)) return `s:${subject}`;
  return `h:${createHash('sha256').update(subject).digest('base64url')}`;
}

function policyFinder({ policy, routes }: RateLimitOptions): (method: string, path: string) => Policy {
  if (routes.length === 0) return () => policy;
  const rows = routes.map((route) => ({ ...route, matches: pathMatcher([route.path]) }));
  return (method, path) => {
    const asked = method === 'HEAD' ? 'GET' : method;
    for (const row of rows) {
      if ((row.method === undefined || row.method === asked || row.method === method) && row.matches(path))
        return row.policy;
    }
    return policy;
  };
}

/** The two families of fields; whatever the upstream said under these names gives way. */
function headerWriter(kind: RateLimitOptions['headers']): (rate: Decision, reply: Reply) => void {
  const draft = kind === 'both' || kind === 'draft';
  const legacy = kind === 'both' || kind === 'legacy';
  const isOurs = namesOf(
    ...(draft ? ['ratelimit', 'ratelimit-policy'] : []),
    ...(legacy ? ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] : []),
  );
  const fixed = new Map<Policy, FixedFields>();
  const fieldsOf = (policy: Policy): FixedFields => {
    let fields = fixed.get(policy);
    if (fields === undefined) {
      const { name, limit, windowSeconds } = policy;
      fields = new FixedFields([
        ...(draft ? ['RateLimit-Policy', `"${name}";q=${limit};w=${windowSeconds}`] : []),
        ...(legacy ? ['X-RateLimit-Limit', String(limit)] : []),
      ]);
      fixed.set(policy, fields);
    }
    return fields;
  };
  return ({ policy, remaining, retryAfterMs, resetMs }, { headers }) => {
    if (!draft && !legacy) return;
    headers.deleteWhere(isOurs);
    if (draft) headers.append('RateLimit', `"${policy.name}";r=${remaining};t=${seconds(retryAfterMs)}`);
    if (legacy) {
      headers.append('X-RateLimit-Remaining', String(remaining));
      headers.append('X-RateLimit-Reset', String(seconds(resetMs)));
    }
    headers.addFixed(fieldsOf(policy));
  };
}
