/** What makes a production of it: its name, its limits, its way of failing. */
import { isSet } from '../../../config/platform.ts';
import type { Check } from '../check.ts';

export const production: readonly Check[] = [
  {
    id: 'environment-production',
    category: 'production',
    severity: 'warning',
    holds: 'ENVIRONMENT is `production`',
    reason:
      'JSON logs, sanitised errors and the strict reading of secrets are the defaults of production alone.',
    mend: 'Set ENVIRONMENT=production.',
    reads: ['ENVIRONMENT'],
    find: ({ production, env, config }) => {
      if (production) return undefined;
      const live = /^prod(uction)?$/i.test(env.RAILWAY_ENVIRONMENT_NAME ?? '');
      const message = isSet(env, 'ENVIRONMENT')
        ? `ENVIRONMENT is ${config.logs.environment}.`
        : 'ENVIRONMENT is not set, so this runs as development.';
      return live ? { message, severity: 'critical' } : message;
    },
  },
  {
    id: 'rate-limit-off',
    category: 'production',
    severity: 'warning',
    holds: 'Rate limits are on',
    reason: 'Without them one client can take all of the app, and guess passwords as fast as it answers.',
    mend: 'Set ENABLE_RATE_LIMITING=true.',
    reads: ['ENABLE_RATE_LIMITING'],
    find: ({ config }) => (config.rateLimit.enabled ? undefined : 'ENABLE_RATE_LIMITING is false.'),
  },
  {
    id: 'rate-limit-loose',
    category: 'production',
    severity: 'warning',
    holds: 'Rate limits are such as people need (at most 1000 a minute, a burst of at most a minute)',
    reason: 'A limit that nobody meets protects nothing.',
    mend: 'Set RATE_LIMIT_PER_MINUTE=50 and RATE_LIMIT_BURST=10, or what your clients need.',
    reads: ['RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_BURST', 'ENABLE_RATE_LIMITING'],
    applies: ({ config }) => config.rateLimit.enabled,
    find: ({ config: { rateLimit } }) => {
      if (rateLimit.perMinute > 1000) return `RATE_LIMIT_PER_MINUTE is ${rateLimit.perMinute}.`;
      return rateLimit.burst > rateLimit.perMinute
        ? `RATE_LIMIT_BURST is ${rateLimit.burst}, more than a minute's ${rateLimit.perMinute}.`
        : undefined;
    },
  },
  {
    id: 'rate-limit-open',
    category: 'production',
    severity: 'warning',
    holds: 'Limits stay while their store is away',
    reason: 'With `open`, whoever brings the store down has no limits.',
    mend: 'Set RATE_LIMIT_ON_STORE_FAILURE=local.',
    reads: ['RATE_LIMIT_ON_STORE_FAILURE', 'ENABLE_RATE_LIMITING'],
    applies: ({ config }) => config.rateLimit.enabled,
    find: ({ config }) =>
      config.rateLimit.onStoreFailure === 'open' ? 'RATE_LIMIT_ON_STORE_FAILURE is open.' : undefined,
  },
  {
    id: 'report-mode',
    category: 'production',
    severity: 'warning',
    holds: 'Filters enforce',
    reason:
      'In report mode everything passes that would have been refused: right for the first day, wrong afterwards.',
    mend: 'Look at `railguard_refusals_total{mode="report"}`, then take ENFORCEMENT and REPORT_ONLY away.',
    reads: ['ENFORCEMENT', 'REPORT_ONLY'],
    find: ({ config: { rollout } }) => {
      if (rollout.enforcement === 'report') return 'ENFORCEMENT is report.';
      return rollout.reportOnly.length > 0
        ? `REPORT_ONLY names ${rollout.reportOnly.join(', ')}.`
        : undefined;
    },
  },
  {
    id: 'errors-not-sanitized',
    category: 'production',
    severity: 'warning',
    holds: "The app's 5xx bodies do not reach clients",
    reason: 'A stack trace tells an attacker what runs, where, and sometimes with which password.',
    mend: 'Set SANITIZE_ERRORS=true, or leave it out in production.',
    reads: ['SANITIZE_ERRORS'],
    applies: ({ production }) => production,
    find: ({ config }) => (config.logs.sanitizeErrors ? undefined : 'SANITIZE_ERRORS is false.'),
  },
  {
    id: 'body-unbounded',
    category: 'production',
    severity: 'warning',
    holds: 'Request bodies have a limit',
    reason: 'Without one a single upload can fill the memory or the disk of the app.',
    mend: 'Set MAX_BODY_SIZE to what the app takes, such as 100mb.',
    reads: ['MAX_BODY_SIZE'],
    find: ({ config }) =>
      config.limits.maxBodySize === 0 ? 'MAX_BODY_SIZE is 0, which is no limit.' : undefined,
  },
  {
    id: 'upstream-keepalive',
    category: 'production',
    severity: 'recommendation',
    holds: 'Idle connections to the app are closed before the app closes them',
    reason: 'uvicorn closes an idle connection after 5 s; a request sent in that moment is lost.',
    mend: "Set UPSTREAM_KEEPALIVE below the app's own keep-alive (uvicorn: 4s).",
    reads: ['UPSTREAM_KEEPALIVE'],
    find: ({ config }) =>
      config.upstream.keepalive >= 5000
        ? `UPSTREAM_KEEPALIVE is ${config.upstream.keepalive / 1000}s.`
        : undefined,
  },
  {
    id: 'upstream-patience',
    category: 'production',
    severity: 'recommendation',
    holds: 'railguard waits for the app no longer than the platform waits for it',
    reason:
      "Railway's edge ends a request after 5 minutes of silence; what railguard waits for beyond that, nobody gets.",
    mend: 'Set UPSTREAM_RESPONSE_TIMEOUT and UPSTREAM_IDLE_TIMEOUT to 300s or less.',
    reads: ['UPSTREAM_RESPONSE_TIMEOUT', 'UPSTREAM_IDLE_TIMEOUT'],
    applies: ({ railway }) => railway,
    find: ({ config: { upstream } }) =>
      [
        ['UPSTREAM_RESPONSE_TIMEOUT', upstream.responseTimeout] as const,
        ['UPSTREAM_IDLE_TIMEOUT', upstream.idleTimeout] as const,
      ]
        .filter(([, value]) => value > 300_000)
        .map(([name, value]) => ({ message: `${name} is ${value / 1000}s.` })),
  },
];
