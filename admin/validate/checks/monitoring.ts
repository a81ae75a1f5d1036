/** What is seen of it once it runs: logs, errors, metrics. */
import type { Check } from '../check.ts';
import { isLoopback } from '../places.ts';

/** Lines a second that Railway takes of a replica. */
const PLATFORM_LINES = 500;

export const monitoring: readonly Check[] = [
  {
    id: 'json-logs-off',
    category: 'monitoring',
    severity: 'warning',
    holds: 'Logs are JSON',
    reason: 'Lines for people lose their level and their correlation id on a platform that reads JSON.',
    mend: 'Set JSON_LOGS=true, or leave it out in production.',
    reads: ['JSON_LOGS'],
    find: ({ config }) => (config.logs.json ? undefined : 'JSON_LOGS is false.'),
  },
  {
    id: 'log-level-debug',
    category: 'monitoring',
    severity: 'warning',
    holds: 'The log level is `info` or `warn`',
    reason:
      'Debug lines cost time, drown the others and run into the limit of the platform; with `error` alone, refusals and warnings are not seen.',
    mend: 'Set LOG_LEVEL=info.',
    reads: ['LOG_LEVEL'],
    find: ({ config }) =>
      config.logs.level === 'debug' || config.logs.level === 'error'
        ? `LOG_LEVEL is ${config.logs.level}.`
        : undefined,
  },
  {
    id: 'log-rate',
    category: 'monitoring',
    severity: 'warning',
    holds: 'railguard stays under the 500 lines a second that Railway takes of a replica',
    reason:
      'The platform drops what is more, whatever it says; railguard drops the lines of successful requests first.',
    mend: 'Set LOG_MAX_PER_SECOND=450.',
    reads: ['LOG_MAX_PER_SECOND'],
    applies: ({ railway }) => railway,
    find: ({ config: { logs } }) =>
      logs.maxPerSecond === 0 || logs.maxPerSecond > PLATFORM_LINES
        ? `LOG_MAX_PER_SECOND is ${logs.maxPerSecond === 0 ? '0, which is no limit' : logs.maxPerSecond}.`
        : undefined,
  },
  {
    id: 'sentry-missing',
    category: 'monitoring',
    severity: 'warning',
    holds: 'Errors are reported to Sentry',
    reason: 'An error that only stands in a log is found by the customer.',
    mend: 'Set SENTRY_DSN, from the client keys of the Sentry project.',
    reads: ['SENTRY_DSN'],
    find: ({ config }) => (config.logs.sentryDsn === undefined ? 'SENTRY_DSN is not set.' : undefined),
  },
  {
    id: 'sentry-environment',
    category: 'monitoring',
    severity: 'recommendation',
    holds: 'Reports name the environment they come from',
    reason: 'Errors of production under another name are sorted out by the filters of Sentry.',
    mend: 'Leave SENTRY_ENVIRONMENT out, or set it to the value of ENVIRONMENT.',
    reads: ['SENTRY_ENVIRONMENT', 'ENVIRONMENT', 'SENTRY_DSN'],
    applies: ({ config }) => config.logs.sentryDsn !== undefined,
    find: ({ config: { logs } }) =>
      logs.sentryEnvironment === logs.environment
        ? undefined
        : `SENTRY_ENVIRONMENT is ${logs.sentryEnvironment}, ENVIRONMENT ${logs.environment}.`,
  },
  {
    id: 'performance-logs-off',
    category: 'monitoring',
    severity: 'recommendation',
    holds: 'Each request has its line',
    reason: 'Without it nobody can say what happened to the request a customer asks about.',
    mend: 'Set PERFORMANCE_LOGS=true.',
    reads: ['PERFORMANCE_LOGS'],
    find: ({ config }) => (config.logs.performanceLogs ? undefined : 'PERFORMANCE_LOGS is false.'),
  },
  {
    id: 'metrics-unreachable',
    category: 'monitoring',
    severity: 'warning',
    holds: 'Prometheus can reach the admin port',
    reason: 'An admin port on loopback can be read by no other service: no metrics, no alerts, no dashboard.',
    mend: 'Set ADMIN_TOKEN, with which ADMIN_HOST becomes `::`, or set ADMIN_HOST.',
    reads: ['ADMIN_HOST', 'ADMIN_TOKEN'],
    applies: ({ production }) => production,
    find: ({ config: { listeners } }) =>
      listeners.adminHost !== '::' && listeners.adminHost !== '0.0.0.0' && isLoopback(listeners.adminHost)
        ? `The admin port listens on ${listeners.adminHost} alone.`
        : undefined,
  },
  {
    id: 'audit-not-kept',
    category: 'monitoring',
    severity: 'recommendation',
    holds: 'Audit events are kept long enough to look back',
    reason: 'An intrusion is found weeks later; what happened must still be there then.',
    mend: 'Set DATABASE_URL, and AUDIT_RETENTION_DAYS to 30 or more.',
    reads: ['AUDIT_RETENTION_DAYS', 'DATABASE_URL'],
    applies: ({ config }) => config.database.url !== undefined,
    find: ({ config: { database } }) =>
      database.auditRetentionDays < 30
        ? `AUDIT_RETENTION_DAYS is ${database.auditRetentionDays}.`
        : undefined,
  },
];
