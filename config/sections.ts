/** Every section there is, in the order the docs show them: a new one is a file and a line here. */
import { client } from './client.ts';
import { cors } from './cors.ts';
import { database } from './database.ts';
import { deployment } from './deployment.ts';
import { headers } from './headers.ts';
import { hosts } from './hosts.ts';
import { limits } from './limits.ts';
import { listeners } from './listeners.ts';
import { logs } from './logs.ts';
import { monitoring } from './monitoring.ts';
import { rateLimit } from './rate-limit.ts';
import { redis } from './redis.ts';
import { rollout } from './rollout.ts';
import { rotationDates, secrets } from './secrets.ts';
import { sessions } from './sessions.ts';
import { tokens } from './tokens.ts';
import { upstream } from './upstream.ts';
import type { Section, Values, Variable } from './var.ts';

export const sections = {
  listeners: { title: 'Listening', variables: listeners },
  upstream: { title: 'Upstream', variables: upstream },
  limits: { title: 'Limits', variables: limits },
  client: { title: 'Client', variables: client },
  hosts: { title: 'Hosts', variables: hosts },
  cors: { title: 'CORS', variables: cors },
  headers: { title: 'Headers', variables: headers },
  tokens: { title: 'Tokens', variables: tokens },
  sessions: { title: 'Sessions', variables: sessions },
  rateLimit: { title: 'Rate limit', variables: rateLimit },
  database: { title: 'Database', variables: database },
  redis: { title: 'Redis', variables: redis },
  logs: { title: 'Logs', variables: logs },
  secrets: { title: 'Secrets', variables: secrets },
  rotationDates: { title: 'Dates of rotation', variables: rotationDates },
  monitoring: { title: 'Monitoring', variables: monitoring },
  rollout: { title: 'Rollout', variables: rollout },
  deployment: { title: 'Deployment', variables: deployment },
} satisfies Record<string, { readonly title: string; readonly variables: Section }>;

type Sections = typeof sections;

/** What the operator says, read and checked. Durations in milliseconds, sizes in bytes. */
export type Config = { readonly [S in keyof Sections]: Values<Sections[S]['variables']> };

/** Every declaration, in the order of the docs. */
export const variables: readonly Variable<unknown>[] = Object.values(sections).flatMap(
  (section): Variable<unknown>[] => Object.values(section.variables),
);
