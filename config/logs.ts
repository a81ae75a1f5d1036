/** What is logged, and in which form. */
import { environmentName, inProduction } from './platform.ts';
import { bad, bool, choice, good, quote, variable } from './var.ts';

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
  sanitizeErrors: bool('SANITIZE_ERRORS', {
    default: {
      from: ({ env }) => String(inProduction(env)),
      text: '`true` in production, else `false`',
    },
    doc: "The body of the app's 5xx is replaced by a problem document; what the app said goes, redacted, to the log.",
  }),
};
