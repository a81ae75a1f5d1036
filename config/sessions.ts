/** How long a session lasts, how many a user may have, and where they are kept. */
import { isSet } from './platform.ts';
import { bad, good, int, type Parsed, quote, variable } from './var.ts';

const BACKENDS = ['memory', 'redis'] as const;
type Backend = (typeof BACKENDS)[number];

const MINUTE = 60_000;
const MOST = 525_600;

/** Minutes as the operator writes them, milliseconds as railguard needs them. */
const minutes = <N extends string>(name: N, fallback: string, doc: string) =>
  variable(
    name,
    { default: fallback, doc },
    {
      kind: 'minutes',
      parse: (text): Parsed<number> => {
        const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
        if (Number.isNaN(value))
          return bad(`${quote(text)} is not a number of minutes; use 30, or 0 for no limit`);
        if (value > MOST) return bad(`must be at most ${MOST}`);
        return good(Math.round(value * MINUTE));
      },
      show: (milliseconds) => milliseconds / MINUTE,
    },
  );

export const sessions = {
  idle: minutes(
    'SESSION_TIMEOUT_MINUTES',
    '1440',
    'Minutes without a request after which a session ends; 0 for never.',
  ),
  absolute: minutes(
    'SESSION_ABSOLUTE_TIMEOUT_MINUTES',
    '0',
    'Minutes a session may last at all, from `auth_time` or its first request; 0 for no limit.',
  ),
  concurrent: int('MAX_CONCURRENT_SESSIONS', {
    default: '0',
    min: 0,
    max: 1000,
    doc: 'Sessions a user may have at once: the oldest ends for a new one; 0 for any number.',
  }),
  backend: variable(
    'SESSION_BACKEND',
    {
      default: {
        from: ({ env }) => (isSet(env, 'REDIS_URL') ? 'redis' : 'memory'),
        text: '`redis` when `REDIS_URL` is set, else `memory`',
      },
      doc: 'Where sessions and revocations are kept. Only `redis` is shared by replicas and survives a restart.',
    },
    {
      kind: BACKENDS.map((one) => `\`${one}\``).join(' or '),
      parse: (text, { env }): Parsed<Backend> => {
        const found = BACKENDS.find((one) => one === text.toLowerCase());
        if (found === undefined)
          return bad(`${quote(text)} is none of its values; use ${BACKENDS.join(', ')}`);
        if (found === 'memory' || isSet(env, 'REDIS_URL')) return good(found);
        return bad('is redis without REDIS_URL; set REDIS_URL, or use memory');
      },
    },
  ),
};
