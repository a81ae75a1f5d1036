/** The database, the pool in front of it, and what replicas share. */

import { isSet, onRailway } from '../../../config/platform.ts';
import { databaseAddress } from '../../../core/postgres/address.ts';
import { findProgram, unfit } from '../../../core/postgres/pooler/program.ts';
import { type Check, reference } from '../check.ts';
import { isPrivate, onPrivateRailway } from '../places.ts';
import type { Subject } from '../subject.ts';

const hasDatabase = ({ config }: Subject): boolean => config.database.url !== undefined;
const hasRedis = ({ config }: Subject): boolean => config.redis.url !== undefined;
const finds = (subject: Subject, name: string, finding: 'localhost' | 'no_tls'): boolean =>
  subject.secrets.some((one) => one.secret.name === name && one.inspection.findings.includes(finding));

/** The parts of the URL that hold no secret; undefined when it can't be read. */
function address({ config }: Subject) {
  try {
    return config.database.url === undefined ? undefined : databaseAddress(config.database.url);
  } catch {
    return undefined;
  }
}

/** Connections kept back for superusers by default. */
const RESERVED = 3;

export const database: readonly Check[] = [
  {
    id: 'database-pool-shape',
    category: 'database',
    severity: 'warning',
    holds: 'The pool has a shape that works: min ≤ max, some overflow, a wait of 1 s to 60 s',
    reason:
      'A pool without a floor opens connections while requests wait; one without a bounded wait turns a slow database into a standstill.',
    mend: 'Use DB_POOL_MIN_SIZE=5, DB_POOL_MAX_SIZE=20, DB_POOL_MAX_OVERFLOW=40, DB_POOL_TIMEOUT=30.',
    reads: ['DB_POOL_MIN_SIZE', 'DB_POOL_MAX_SIZE', 'DB_POOL_MAX_OVERFLOW', 'DB_POOL_TIMEOUT'],
    find: ({ config: { database: pool } }) => {
      const said: { message: string }[] = [];
      if (pool.poolMinSize < 1)
        said.push({ message: 'DB_POOL_MIN_SIZE is 0: the first requests wait for a connection.' });
      if (pool.poolMaxSize < 2)
        said.push({ message: 'DB_POOL_MAX_SIZE is 1: one slow statement stops all others.' });
      if (pool.poolTimeout < 1000)
        said.push({ message: 'DB_POOL_TIMEOUT is under 1 s: a short burst already fails.' });
      if (pool.poolTimeout > 60_000)
        said.push({ message: 'DB_POOL_TIMEOUT is over 60 s: requests pile up behind a slow database.' });
      return said;
    },
  },
  {
    id: 'database-pool-exceeds',
    category: 'database',
    severity: 'critical',
    holds: 'All pools together fit into `max_connections`',
    reason:
      'Replicas × (max + overflow) connections are opened under load; the database refuses those beyond its limit, for the app too.',
    mend: 'Lower DB_POOL_MAX_SIZE or DB_POOL_MAX_OVERFLOW, use fewer replicas, or raise the limit and say so in DB_MAX_CONNECTIONS.',
    reads: ['DB_POOL_MAX_SIZE', 'DB_POOL_MAX_OVERFLOW', 'REPLICAS', 'DB_MAX_CONNECTIONS'],
    applies: hasDatabase,
    find: ({ config, processes }) => {
      const { poolMaxSize, poolMaxOverflow } = config.database;
      // railguard's own pool goes past a managed pooler, which has as many.
      const pools = config.database.pooler === 'managed' ? 2 * processes : processes;
      const wanted = pools * (poolMaxSize + poolMaxOverflow);
      const there = config.deployment.databaseMaxConnections - RESERVED;
      if (wanted <= there) return undefined;
      return `${pools} × (${poolMaxSize} + ${poolMaxOverflow}) = ${wanted} connections may be opened; the database has ${there} to give.`;
    },
  },
  {
    id: 'database-local',
    category: 'database',
    severity: 'warning',
    holds: 'Database and Redis are not on this machine in production',
    reason: 'In a container, localhost is the container itself: nothing answers there.',
    mend: `Set the address of the service; on Railway a reference such as \`${reference('Postgres.DATABASE_URL')}\`.`,
    reads: ['DATABASE_URL', 'REDIS_URL'],
    find: (subject) =>
      ['DATABASE_URL', 'REDIS_URL']
        .filter((name) => finds(subject, name, 'localhost'))
        .map((name) => ({ message: `${name} leads to this machine itself.` })),
  },
  {
    id: 'database-tls',
    category: 'database',
    severity: 'warning',
    holds: 'Connections that leave the private network are encrypted',
    reason: 'Without TLS the password and every row can be read on the way.',
    mend: 'Add `sslmode=require` to DATABASE_URL (`verify-full` where the certificate allows it), begin REDIS_URL with `rediss:`, or use the private address.',
    reads: ['DATABASE_URL', 'REDIS_URL'],
    find: (subject) =>
      ['DATABASE_URL', 'REDIS_URL']
        .filter((name) => finds(subject, name, 'no_tls'))
        .map((name) => ({ message: `${name} leads over the network without TLS.` })),
  },
  {
    id: 'database-certificate',
    category: 'database',
    severity: 'warning',
    holds: 'TLS is not asked to prove a name that the certificate does not have',
    reason:
      "Railway's Postgres has a self-signed certificate for `localhost`: verify-full and verify-ca fail there.",
    mend: 'Use `sslmode=require` on the private network.',
    reads: ['DATABASE_URL'],
    applies: hasDatabase,
    find: (subject) => {
      const { tls, hosts = [] } = address(subject) ?? {};
      const verified = tls === 'verify-full' || tls === 'verify-ca';
      return verified && hosts.some(({ host }) => onPrivateRailway(host))
        ? `DATABASE_URL asks for ${tls} on the private network of Railway, where no certificate can be verified.`
        : undefined;
    },
  },
  {
    id: 'database-role',
    category: 'database',
    severity: 'recommendation',
    holds: 'railguard does not log in as the superuser',
    reason:
      'It needs one schema of its own and the right to read statistics; a superuser can do everything to every table.',
    mend: 'Create a role for railguard with `pg_read_all_stats` and a schema `railguard` it owns (docs/database.md).',
    reads: ['DATABASE_URL'],
    applies: hasDatabase,
    find: (subject) => {
      const user = address(subject)?.user;
      return user === 'postgres' ? 'DATABASE_URL logs in as `postgres`.' : undefined;
    },
  },
  {
    id: 'database-name',
    category: 'database',
    severity: 'recommendation',
    holds: "railguard's connections can be told from the app's",
    reason: '`/pool` counts connections by their name; two programs of one name are counted as one.',
    mend: "Leave DB_APPLICATION_NAME as `railguard`, and give the app's own pool another application_name.",
    reads: ['DB_APPLICATION_NAME', 'DATABASE_URL'],
    applies: hasDatabase,
    find: ({ config: { database: pool } }) => {
      const theirs = /[?&]application_name=([^&]*)/.exec(pool.url?.reveal() ?? '')?.[1];
      return theirs !== undefined && decode(theirs) === pool.applicationName && theirs !== 'railguard'
        ? 'DB_APPLICATION_NAME is the name that DATABASE_URL gives the app.'
        : undefined;
    },
  },
  {
    id: 'database-pooler-program',
    category: 'database',
    severity: 'critical',
    holds: 'The program that POOLER=managed runs is there, and new enough',
    reason: 'railguard starts PgBouncer itself; without the program it does not start.',
    mend: "Install Debian's `pgbouncer` (the Dockerfile does; with Railpack it belongs in `deploy.aptPackages`), or set POOLER=off.",
    reads: ['POOLER', 'POOLER_MODE'],
    applies: ({ config }) => config.database.pooler === 'managed',
    find: ({ config: { database: pool }, env }) => {
      const message = unfit(findProgram(), pool.poolerMode);
      if (message === undefined) return undefined;
      // Elsewhere than where it will run, such as in CI, the program need not be there.
      const here = !onRailway(env) || isSet(env, 'RAILWAY_REPLICA_ID');
      return { message: `${message.split('; ')[0]}.`, severity: here ? 'critical' : 'warning' };
    },
  },
  {
    id: 'database-pooler-port',
    category: 'database',
    severity: 'critical',
    holds: 'The pooler has a port of its own',
    reason: 'Two listeners can not share a port: railguard would not start.',
    mend: 'Set POOLER_PORT to a free port, such as 6432.',
    reads: ['POOLER', 'POOLER_PORT', 'PORT', 'ADMIN_PORT'],
    applies: ({ config }) => config.database.pooler === 'managed',
    find: ({ config: { database: pool, listeners } }) => {
      const other =
        pool.poolerPort === listeners.port
          ? 'PORT'
          : pool.poolerPort === listeners.adminPort
            ? 'ADMIN_PORT'
            : undefined;
      return other === undefined ? undefined : `POOLER_PORT is ${pool.poolerPort}, as ${other} is.`;
    },
  },
  {
    id: 'database-shared-state',
    category: 'database',
    severity: 'warning',
    holds: 'What replicas must agree on is in a store they share',
    reason:
      'Limits and sessions in memory are counted by each process for itself: with three, a client gets three times as much.',
    mend: 'Set REDIS_URL, or RATE_LIMIT_BACKEND=postgres.',
    reads: ['REPLICAS', 'REDIS_URL', 'RATE_LIMIT_BACKEND', 'SESSION_BACKEND'],
    applies: ({ processes }) => processes > 1,
    find: ({ config, processes }) => {
      const alone = [
        config.rateLimit.enabled && config.rateLimit.backend === 'memory' ? 'rate limits' : '',
        config.tokens.mode !== 'off' && config.sessions.backend === 'memory' ? 'sessions' : '',
      ].filter((one) => one !== '');
      return alone.length === 0
        ? undefined
        : `${processes} processes each keep ${alone.join(' and ')} in their own memory.`;
    },
  },
  {
    id: 'redis-private',
    category: 'database',
    severity: 'warning',
    holds: 'Redis is reached over the private network',
    reason:
      'A decision waits for Redis at each request; the public proxy is slower, billed, and open to the world.',
    mend: `Use the private address: \`${reference('Redis.REDIS_URL')}\`.`,
    reads: ['REDIS_URL'],
    applies: (subject) => subject.railway && hasRedis(subject),
    find: ({ config }) => {
      const host = URL.parse(config.redis.url?.reveal() ?? '')?.hostname ?? '';
      return /\.(rlwy\.net|railway\.app)$/i.test(host) && !isPrivate(host)
        ? 'REDIS_URL leads through the public proxy of Railway.'
        : undefined;
    },
  },
];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
