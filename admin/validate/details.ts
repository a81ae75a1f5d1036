/** The figures that stand beside the verdicts: what was judged, never a value of a secret. */
import { isSet } from '../../config/platform.ts';
import type { Category } from './check.ts';
import { configuredProviders } from './checks/ai-providers.ts';
import type { Subject } from './subject.ts';

type Details = Readonly<Record<Category, Readonly<Record<string, unknown>>>>;

export function detailsOf(subject: Subject): Details {
  const { config, secrets, deployment, env } = subject;
  const { database, rateLimit, logs, listeners } = config;
  const set = secrets.filter(({ secret }) => secret.value !== undefined);
  return {
    database: {
      configured: database.url !== undefined,
      pool: {
        min: database.poolMinSize,
        max: database.poolMaxSize,
        overflow: database.poolMaxOverflow,
        timeout_seconds: database.poolTimeout / 1000,
      },
      processes: subject.processes,
      connections_at_most: subject.processes * (database.poolMaxSize + database.poolMaxOverflow),
      max_connections: config.deployment.databaseMaxConnections,
      pooler: database.pooler,
      redis: config.redis.url !== undefined,
    },
    secrets: {
      managed: secrets.length,
      configured: set.length,
      scores: Object.fromEntries(set.map(({ secret, inspection }) => [secret.name, inspection.score])),
    },
    ai_providers: { configured: configuredProviders(subject) },
    production: {
      environment: logs.environment,
      rate_limit: rateLimit.enabled
        ? { per_minute: rateLimit.perMinute, burst: rateLimit.burst, backend: rateLimit.backend }
        : 'off',
      enforcement: config.rollout.enforcement,
    },
    monitoring: { json_logs: logs.json, log_level: logs.level, sentry: logs.sentryDsn !== undefined },
    security: {
      jwt_mode: config.tokens.mode,
      trusted_hosts: config.hosts.trusted,
      cors_origins: config.cors.origins,
      admin_token: listeners.adminToken !== undefined,
    },
    railway: {
      on_railway: subject.railway,
      upstream: config.upstream.url.origin === 'null' ? config.upstream.url.host : config.upstream.url.origin,
      port_set_by_platform: isSet(env, 'PORT'),
      files: [
        ...(deployment.dockerfile === undefined ? [] : ['Dockerfile']),
        ...(deployment.railpack === undefined ? [] : ['railpack.json']),
        ...(deployment.legacy === undefined ? [] : [deployment.legacy.name]),
        ...(deployment.iac === undefined ? [] : ['.railway/railway.ts']),
      ],
    },
  };
}
