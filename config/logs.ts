/** What is logged, and in which form. */
import { environmentName, inProduction } from './platform.ts';
import { bad, bool, choice, good, int, quote, secret, string, variable } from './var.ts';

/** As Sentry reads one: its old form has a secret after the key. */
const DSN = /^\s*https?:\/\/\w+(?::\w+)?@(?:[\w.-]+|\[[\w:.]+\])(?::\d{1,5})?(?:\/[\w.-]+)*\/\d+\/?\s*$/;

export const logs = {
  environment: variable(
    'ENVIRONMENT',
    { default: 'development', doc: 'Where this runs; `production` turns the safe defaults on.' },
    {
      kind: 'name',
      parse: (text) =>
        /^[A-Za-z0-9._-]{1,64}$/.test(text)
          ? good(environmentName(text))
          : bad(`${quote(text)} is not a name; use production, staging or development`),
    },
  ),
  level: choice('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], {
    default: 'info',
    doc: 'Lines below this level are not written.',
  }),
  json: bool('JSON_LOGS', {
    default: {
      from: ({ env, tty }) => String(inProduction(env) || !tty),
      text: '`true` in production or off a terminal, else `false`',
    },
    doc: 'One JSON object a line; otherwise lines for people to read.',
  }),
  performanceLogs: bool('PERFORMANCE_LOGS', {
    default: 'true',
    doc: 'One line for each request, with its times and sizes.',
  }),
  maxPerSecond: int('LOG_MAX_PER_SECOND', {
    min: 0,
    max: 100_000,
    default: '450',
    doc: 'Lines a second; over it those of successful requests are dropped first, warnings, errors and audit events never. 0 is no limit.',
  }),
  sanitizeErrors: bool('SANITIZE_ERRORS', {
    default: {
      from: ({ env }) => String(inProduction(env)),
      text: '`true` in production, else `false`',
    },
    doc: "The body of the app's 5xx is replaced by a problem document; what the app said goes, redacted, to the log.",
  }),
  sentryDsn: secret('SENTRY_DSN', {
    check: (text) => (DSN.test(text) ? undefined : 'is not a DSN; write https://KEY@HOST/PROJECT'),
    doc: "Where errors of railguard and the app's 5xx are reported, redacted; without it nothing of Sentry is loaded.",
  }),
  sentryEnvironment: string('SENTRY_ENVIRONMENT', {
    default: {
      from: ({ env }) => environmentName(env.ENVIRONMENT ?? '') || 'development',
      text: 'the value of `ENVIRONMENT`',
    },
    check: (text) =>
      /^[^\s/]{1,64}$/.test(text) && !/^none$/i.test(text)
        ? undefined
        : `${quote(text)} is not the name of an environment in Sentry; use up to 64 characters without blanks and slashes`,
    doc: 'Environment that the reports name.',
  }),
  commit: string('RAILWAY_GIT_COMMIT_SHA', {
    doc: 'Commit that runs, as Railway sets it: the release that the reports name. Otherwise the version of railguard.',
  }),
};
