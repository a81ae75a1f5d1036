/** What else is reached: Redis, Sentry, the identity provider's keys, and whether our own certificate still holds. */
import { X509Certificate } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Probe, Said, Seen } from '../check.ts';
import type { Subject } from '../subject.ts';
import { get, handshake, PATIENCE, within } from './reach.ts';

async function redis({ config }: Subject): Promise<Seen> {
  const client = new Redis(config.redis.url?.reveal() ?? '', {
    family: 0,
    lazyConnect: true,
    connectTimeout: PATIENCE,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // What rejects says only that the connection is closed.
  let cause: NodeJS.ErrnoException | undefined;
  client.on('error', (error: NodeJS.ErrnoException) => {
    cause = error;
  });
  try {
    await within(client.connect());
    const info = await within(client.info());
    const of = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const policy = of('maxmemory_policy');
    const said: Said[] = [];
    if (of('maxmemory') !== '0' && policy !== undefined && /^allkeys/.test(policy))
      said.push({
        severity: 'recommendation',
        message: `Redis throws away any key when memory is short (${policy}): sessions and revocations among them.`,
        mend: 'Set its maxmemory-policy to volatile-ttl or noeviction.',
      });
    const figures = { redis_server: { version: of('redis_version'), role: of('role'), policy } };
    if (of('role') === 'slave')
      said.push({ message: 'REDIS_URL leads to a replica, which takes no writes.' });
    return { figures, said };
  } catch (error) {
    const { code, name, message } = cause ?? (error as NodeJS.ErrnoException);
    const reply = /\b(NOAUTH|WRONGPASS|NOPERM)\b/.exec(`${message} ${(error as Error).message}`)?.[1];
    return { said: `REDIS_URL can not be used (${reply ?? code ?? name}).` };
  } finally {
    client.disconnect();
  }
}

async function sentry({ config }: Subject): Promise<Seen> {
  const dsn = URL.parse(config.logs.sentryDsn?.reveal() ?? '');
  if (dsn === null) return { said: 'SENTRY_DSN is not a URL.' };
  // Its front page: a report would be an event in somebody's project.
  const { status } = await get(new URL('/', dsn.origin));
  const figures = { sentry_server: { host: dsn.hostname, status } };
  return status >= 500 ? { figures, said: `Sentry answers ${status}.` } : { figures };
}

async function keySet({ config }: Subject): Promise<Seen> {
  const url = config.tokens.jwksUrl as URL;
  const { status, body } = await get(url);
  const keys = status === 200 ? keysIn(body) : undefined;
  if (keys === undefined) return { said: `JWT_JWKS_URL answers ${status}, and no key set.` };
  const figures = { jwks_keys: keys };
  return keys === 0 ? { figures, said: 'JWT_JWKS_URL holds no key.' } : { figures };
}

function keysIn(body: string): number | undefined {
  try {
    const { keys } = JSON.parse(body) as { keys?: unknown };
    return Array.isArray(keys) ? keys.length : undefined;
  } catch {
    return undefined;
  }
}

async function ownCertificate({ config }: Subject): Promise<Seen> {
  const certificate = new X509Certificate(config.listeners.tlsCert ?? '');
  const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000);
  const figures = { tls_cert: { subject: certificate.subject, days_left: days } };
  return days < 14 ? { figures, said: `TLS_CERT ends in ${days} days.` } : { figures };
}

async function sentryTls({ config }: Subject): Promise<Seen> {
  const dsn = URL.parse(config.logs.sentryDsn?.reveal() ?? '');
  const { fault } = await handshake(dsn?.hostname ?? '', Number(dsn?.port || 443));
  return fault === undefined ? {} : { said: `Sentry's certificate is not to be trusted (${fault}).` };
}

const hasSentry = ({ config }: Subject): boolean => config.logs.sentryDsn !== undefined;

export const services: readonly Probe[] = [
  {
    id: 'live-redis',
    category: 'database',
    severity: 'critical',
    holds: 'Redis lets railguard in',
    reason: 'Rate limits and sessions are counted there; while it is away each process counts for itself.',
    mend: 'Check address, user and password of REDIS_URL.',
    applies: ({ config }) => config.redis.url !== undefined,
    look: redis,
  },
  {
    id: 'live-sentry',
    category: 'monitoring',
    severity: 'warning',
    holds: 'Sentry can be reached',
    reason: 'Reports that do not arrive are dropped.',
    mend: 'Check the host of SENTRY_DSN, and what the network lets out.',
    applies: hasSentry,
    look: sentry,
  },
  {
    id: 'live-sentry-tls',
    category: 'monitoring',
    severity: 'warning',
    holds: "Sentry's certificate can be verified",
    reason: 'Reports go over TLS; a certificate that can not be verified stops them all.',
    mend: 'Give the host of SENTRY_DSN a certificate that is valid, or the process its CA by NODE_EXTRA_CA_CERTS.',
    applies: (subject) => hasSentry(subject) && /^https:/.test(subject.config.logs.sentryDsn?.reveal() ?? ''),
    look: sentryTls,
  },
  {
    id: 'live-jwks',
    category: 'security',
    severity: 'critical',
    holds: 'The keys of the identity provider can be fetched',
    reason: 'Without them no token can be verified: every signed-in request is answered with 503.',
    mend: 'Check JWT_JWKS_URL, and what the network lets out.',
    applies: ({ config }) => config.tokens.jwksUrl !== undefined,
    look: keySet,
  },
  {
    id: 'live-own-tls',
    category: 'security',
    severity: 'warning',
    holds: 'The certificate in TLS_CERT is valid for two weeks or more',
    reason: 'Browsers refuse a certificate that has ended.',
    mend: 'Renew it.',
    applies: ({ config }) => config.listeners.tlsCert !== undefined,
    look: ownCertificate,
  },
];
