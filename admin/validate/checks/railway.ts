/** What Railway does with the service: how it reaches it and stops it; and the ways around it. */
import { type Check, reference } from '../check.ts';
import { isLoopback, isPrivate, onPrivateRailway } from '../places.ts';
import type { Subject } from '../subject.ts';

const onRailway = ({ railway }: Subject): boolean => railway;
/** Seconds between SIGTERM and SIGKILL. */
function draining({ env, deployment }: Subject): number {
  const given = Number.parseFloat(env.RAILWAY_DEPLOYMENT_DRAINING_SECONDS ?? '');
  return Number.isNaN(given) ? (deployment.drainingSeconds ?? 0) : given;
}

/** The public domain that Railway says a neighbour has: `RAILWAY_SERVICE_<NAME>_URL`. */
function neighbourDomain({ env, config }: Subject): string | undefined {
  const service = /^([\w-]+)\.railway\.internal$/i.exec(config.upstream.url.hostname)?.[1];
  if (service === undefined) return undefined;
  const value = env[`RAILWAY_SERVICE_${service.toUpperCase().replaceAll('-', '_')}_URL`]?.trim();
  return value === '' ? undefined : value;
}

export const publicDomainOfApp = (subject: Subject): string | undefined =>
  (subject.config.deployment.appPublicDomain ?? neighbourDomain(subject))?.replace(/^https?:\/\//, '');

export const railway: readonly Check[] = [
  {
    id: 'host-unreachable',
    category: 'railway',
    severity: 'critical',
    holds: 'The public port listens on every address',
    reason:
      'On loopback nothing outside the container can connect: the health check fails and the deployment with it.',
    mend: 'Leave HOST out (`::`, IPv4 and IPv6), or set it to 0.0.0.0.',
    reads: ['HOST'],
    applies: ({ railway: there, production }) => there || production,
    find: ({ config: { listeners } }) =>
      listeners.host !== '::' && listeners.host !== '0.0.0.0' && isLoopback(listeners.host)
        ? `HOST is ${listeners.host}.`
        : undefined,
  },
  {
    id: 'port-random',
    category: 'railway',
    severity: 'critical',
    holds: 'The public port is one that the platform knows',
    reason:
      'With 0 the system picks one, and neither the edge nor the health check finds it. Railway sets PORT itself.',
    mend: 'Leave PORT to the platform, or set it to a number such as 8080.',
    reads: ['PORT'],
    find: ({ config }) => (config.listeners.port === 0 ? 'PORT is 0.' : undefined),
  },
  {
    id: 'tls-behind-edge',
    category: 'railway',
    severity: 'critical',
    holds: "The edge's plain http is understood",
    reason:
      'Railway ends TLS at its edge and speaks plain http to the service; a service that wants TLS answers nothing.',
    mend: 'Take TLS_CERT and TLS_KEY away on Railway.',
    reads: ['TLS_CERT', 'TLS_KEY'],
    applies: onRailway,
    find: ({ config }) => (config.listeners.tlsCert === undefined ? undefined : 'TLS_CERT is set.'),
  },
  {
    id: 'upstream-is-self',
    category: 'railway',
    severity: 'warning',
    holds: 'UPSTREAM_URL leads to the app',
    reason:
      'In a service of its own there is no app on loopback; with `railguard exec` the variable is not used.',
    mend: `Set UPSTREAM_URL=http://${reference('app.RAILWAY_PRIVATE_DOMAIN')}:${reference('app.PORT')}; with \`exec\`, take it away and give the start command in railpack.json.`,
    reads: ['UPSTREAM_URL'],
    applies: (subject) => subject.railway && !usesExec(subject),
    find: ({ config }) =>
      isLoopback(config.upstream.url.hostname)
        ? `UPSTREAM_URL leads to ${config.upstream.url.host}.`
        : undefined,
  },
  {
    id: 'upstream-port',
    category: 'railway',
    severity: 'critical',
    holds: "UPSTREAM_URL names the app's port",
    reason:
      'Without a port 80 is meant, where no app of Railway listens; it is what a reference to a PORT that is not set leaves.',
    mend: `Set PORT on the service of the app, and refer to it: \`:${reference('app.PORT')}\`.`,
    reads: ['UPSTREAM_URL'],
    find: ({ config: { upstream } }) =>
      onPrivateRailway(upstream.url.hostname) && upstream.url.port === ''
        ? `UPSTREAM_URL leads to ${upstream.url.host} without a port.`
        : undefined,
  },
  {
    id: 'upstream-tls-private',
    category: 'railway',
    severity: 'critical',
    holds: 'The private network is spoken to in plain http',
    reason: 'It is encrypted underneath, and no service on it has a certificate.',
    mend: 'Begin UPSTREAM_URL with http: (or h2c:).',
    reads: ['UPSTREAM_URL'],
    find: ({ config: { upstream } }) =>
      upstream.url.protocol === 'https:' && onPrivateRailway(upstream.url.hostname)
        ? 'UPSTREAM_URL begins with https: on the private network.'
        : undefined,
  },
  {
    id: 'upstream-public',
    category: 'railway',
    severity: 'critical',
    holds: 'The app is reached over a private network',
    reason:
      'An app with a public address can be reached without railguard: every control can be walked around.',
    mend: "Use the app's private domain in UPSTREAM_URL, and remove its public domain.",
    reads: ['UPSTREAM_URL'],
    find: ({ config: { upstream } }) =>
      isPrivate(upstream.url.hostname)
        ? undefined
        : `UPSTREAM_URL leads to ${upstream.url.hostname}, a public name.`,
  },
  {
    id: 'app-domain-on',
    category: 'railway',
    severity: 'critical',
    holds: 'The app has no public domain of its own',
    reason: 'While it has one, every control of railguard can be walked around.',
    mend: "Remove the domain in the settings of the app's service (Networking), and let railguard have it.",
    reads: ['APP_PUBLIC_DOMAIN'],
    find: (subject) => {
      const domain = publicDomainOfApp(subject);
      return domain === undefined ? undefined : `The app has the public domain ${domain.slice(0, 100)}.`;
    },
  },
  {
    id: 'app-domain-unknown',
    category: 'railway',
    severity: 'recommendation',
    holds: 'validate is told whether the app has a public domain',
    reason: "A service can't see the domains of another; the reference is empty while there is none.",
    mend: `Set APP_PUBLIC_DOMAIN=${reference('app.RAILWAY_PUBLIC_DOMAIN')}.`,
    applies: (subject) => subject.railway && onPrivateRailway(subject.config.upstream.url.hostname),
    find: (subject) =>
      'APP_PUBLIC_DOMAIN' in subject.env || publicDomainOfApp(subject) !== undefined
        ? undefined
        : 'APP_PUBLIC_DOMAIN is not there.',
  },
  {
    id: 'draining-off',
    category: 'railway',
    severity: 'warning',
    holds: 'A new deployment leaves the old one time to finish',
    reason:
      'Railway sends SIGTERM and SIGKILL together unless told otherwise: every request in flight is cut.',
    mend: 'Set RAILWAY_DEPLOYMENT_DRAINING_SECONDS=30 on the service.',
    applies: onRailway,
    find: (subject) => (draining(subject) > 0 ? undefined : 'The draining time is 0 seconds.'),
  },
  {
    id: 'draining-short',
    category: 'railway',
    severity: 'warning',
    holds: 'railguard is done before it is killed',
    reason: 'Requests that SHUTDOWN_TIMEOUT lets finish are cut when SIGKILL comes before.',
    mend: 'Set RAILWAY_DEPLOYMENT_DRAINING_SECONDS a few seconds above SHUTDOWN_TIMEOUT (30 for 25s).',
    reads: ['SHUTDOWN_TIMEOUT'],
    applies: (subject) => subject.railway && draining(subject) > 0,
    find: (subject) => {
      const { shutdownTimeout } = subject.config.listeners;
      return draining(subject) * 1000 > shutdownTimeout
        ? undefined
        : `The draining time is ${draining(subject)}s, SHUTDOWN_TIMEOUT ${shutdownTimeout / 1000}s.`;
    },
  },
  {
    id: 'overlap-off',
    category: 'railway',
    severity: 'recommendation',
    holds: 'Old and new deployment overlap for a moment',
    reason: 'Requests that the edge still sends to the old one are lost otherwise.',
    mend: 'Set RAILWAY_DEPLOYMENT_OVERLAP_SECONDS=10 on the service.',
    applies: onRailway,
    find: ({ env, deployment }) =>
      Number.parseFloat(env.RAILWAY_DEPLOYMENT_OVERLAP_SECONDS ?? '') > 0 ||
      /overlapSeconds/.test(deployment.iac ?? '')
        ? undefined
        : 'The overlap is 0 seconds.',
  },
];

const usesExec = ({ deployment }: Subject): boolean =>
  deployment.starts.some(({ value }) => /\bexec\b.*--/.test(value));
