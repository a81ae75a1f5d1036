/** The one Redis client of railguard: it fails at once when the server is away, and finds its own way back. */
import type { Redis } from 'ioredis';
import type { Log } from './logger.ts';

export type { Redis } from 'ioredis';

/** Milliseconds. */
const CONNECT_TIMEOUT = 2000;
const COMMAND_TIMEOUT = 1000;
const SOCKET_TIMEOUT = 5000;
const RETRY_FIRST = 50;
const RETRY_LAST = 1000;

/**
 * Connects in the background and never throws: a command on a client that is not connected rejects at once, one that
 * gets no answer within 1 s rejects then. Each loss and each return is logged once.
 */
export async function openRedis(url: string, log: Log): Promise<Redis> {
  // Loaded only where it is used: it costs 8 MB and 30 ms.
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    // Railway's private network has IPv6 alone, others IPv4: take what the name has.
    family: 0,
    // RESP2 is what every server and proxy speaks.
    protocol: 2,
    disableClientInfo: true,
    connectionName: 'railguard',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    // A peer that vanished without a FIN would else be noticed after minutes.
    socketTimeout: SOCKET_TIMEOUT,
    keepAlive: 10_000,
    retryStrategy: (attempt) => backOff(attempt),
    // A replica that was demoted while the name moved on.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let there: boolean | undefined;
  redis.on('ready', () => {
    if (there === false) log.info('lifecycle', 'redis answers again');
    there = true;
  });
  const lost = (error?: Error) => {
    if (there !== false)
      log.error('lifecycle', 'redis can not be reached', error === undefined ? {} : { error });
    there = false;
  };
  redis.on('error', lost);
  redis.on('close', () => {
    if (redis.status !== 'end') lost();
  });
  redis.connect().catch(() => {});
  return redis;
}

/** Milliseconds before the next attempt: doubling, with up to half of it at random so that replicas spread. */
function backOff(attempt: number): number {
  const ceiling = Math.min(RETRY_FIRST * 2 ** Math.min(attempt - 1, 10), RETRY_LAST);
  return ceiling * (0.5 + Math.random() / 2);
}

/** Closes the connection in order, or hard when the server does not answer. Never rejects. */
export async function closeRedis(redis: Redis): Promise<void> {
  const answered = redis.status === 'ready' && (await redis.quit().catch(() => undefined));
  if (answered === false || answered === undefined) redis.disconnect();
}

/** Resolves once the client is ready, or after `timeout` ms whatever became of it. */
export function redisSettled(redis: Redis, timeout: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, timeout);
    function done(): void {
      clearTimeout(timer);
      redis.off('ready', done);
      resolve();
    }
    redis.on('ready', done);
  });
}
