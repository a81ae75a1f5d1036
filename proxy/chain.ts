/** THE order of the filters, way in; the way out is the reverse. Each line says why it stands there. */
import type { Config } from '../config/load.ts';
import type { Core } from '../core/core.ts';
import { Ids } from '../core/ids.ts';
import type { Filter } from './exchange.ts';
import { accessLog } from './filters/access-log.ts';
import { cookies } from './filters/cookies.ts';
import { correlation } from './filters/correlation.ts';
import { cors } from './filters/cors.ts';
import { cspReport } from './filters/csp-report.ts';
import { healthCheck } from './filters/health-check.ts';
import { limits } from './filters/limits.ts';
import { overload, type ShedReason } from './filters/overload.ts';
import { pathPolicy } from './filters/path-policy.ts';
import { presentedCredential, rateLimit } from './filters/rate-limit.ts';
import { redirects } from './filters/redirects.ts';
import { sanitizeErrors } from './filters/sanitize-errors.ts';
import { securityHeaders } from './filters/security-headers.ts';
import { serverTiming } from './filters/server-timing.ts';
import { trustedHost } from './filters/trusted-host.ts';
import { wellFormed } from './filters/well-formed.ts';
import type { Identity } from './identity/identity.ts';
import type { Rate } from './stores/limiter.ts';

export interface ChainParts {
  readonly core: Core;
  readonly identity: Identity;
  /** Undefined while rate limits are off. */
  readonly rate: Rate | undefined;
  readonly healthy: () => boolean | Promise<boolean>;
  /** Exchanges in the chain, tunnels aside. */
  readonly inFlight: () => number;
  /** Is this request to be turned away because the event loop runs late? */
  readonly lagging: () => boolean;
}

/** Filters whose refusals report mode may let pass. The others keep railguard itself, or the message, in one piece. */
export const REPORTABLE: ReadonlySet<string> = new Set([
  'trusted-host',
  'path-policy',
  'cors',
  'rate-limit',
  'auth-block',
  'jwt',
  'session',
]);

export function chain(config: Config, parts: ChainParts): Filter[] {
  const { core, identity, rate, healthy } = parts;
  const { log, metrics, clock } = core;
  const { listeners, limits: sizes, headers } = config;
  const maxAge = (milliseconds: number): number => Math.round(milliseconds / 1000);
  const now = (): number => clock.monotonic();
  const lines = rate && rateLimit(rateLimitOptions(config, rate));
  return [
    // Everything after it, refusals included, carries the id.
    correlation({ clock, ids: new Ids(clock) }),
    // Sees every outcome, so it is entered before anything can refuse.
    accessLog({
      log,
      spotless: (text) => core.redactor.spotless(text),
      metrics,
      clock,
      performanceLogs: config.logs.performanceLogs,
      healthPath: listeners.healthCheckPath,
      // Who replaces a body reports it, with what it said.
      reporter: config.logs.sanitizeErrors ? undefined : core.reporter,
    }),
    // On the way out the last to look at the clock but those that log it.
    config.monitoring.serverTiming && serverTiming({ clock }),
    // Refusals need these headers as much as answers do.
    headers.enabled && securityHeaders(securityHeaderOptions(config, maxAge)),
    // A message two readers could read two ways is nobody's to decide on.
    wellFormed(sizes),
    // The platform's probe comes with a host and from a place that nothing below would let in.
    healthCheck(listeners.healthCheckPath, healthy),
    // Cheapest decision that needs a valid Host.
    trustedHost({ hosts: config.hosts.trusted }),
    // Every later filter decides on the path: it must mean one thing.
    pathPolicy({ lists: pathLists(config) }),
    // Preflights carry no credentials and must not meet limits or tokens.
    config.cors.enabled && cors(corsOptions(config, maxAge)),
    // Nothing is spent on what can't be borne; the script that asked may still read that it should come again.
    overload({ ...parts, maxInFlight: sizes.maxInFlight, shed: shedCounter(metrics) }),
    // A browser sends reports without credentials.
    headers.cspReportPath !== undefined && cspReport({ path: headers.cspReportPath, log, metrics, now }),
    // Before anything costs more than a lookup: who presents no credential, and who presents bad ones.
    lines?.byClient,
    // Before a credential costs a verification: whoever guesses is not heard for a while.
    identity.authBlock,
    // Says who is asking; all below may rely on it.
    identity.jwt,
    // A token can be good while its session is over.
    identity.session,
    // Now that it is known who asks: users behind one address do not share a budget.
    lines?.bySubject,
    // Of all that may be forwarded, no body is larger than the app is meant to get.
    limits(sizes),
    // The app's cookies and redirects, as the client must see them.
    cookies(cookieOptions(config)),
    redirects({ upstream: config.upstream.url.href }),
    // Innermost: it edits what the app said before anything decorates it.
    config.logs.sanitizeErrors && sanitizeErrors({ log, redactor: core.redactor, clock }),
  ].filter((filter) => filter !== false && filter !== undefined);
}

function shedCounter(metrics: Core['metrics']): (reason: ShedReason) => void {
  const help = 'Requests turned away because there were too many, by what there was too much of.';
  const total = metrics.counter('railguard_shed_total', help, ['reason']);
  const by: Record<ShedReason, { inc(): void }> = {
    in_flight: total.labels('in_flight'),
    event_loop: total.labels('event_loop'),
    connections: total.labels('connections'),
  };
  return (reason) => by[reason].inc();
}

/** Every list of paths that decides something: a target must not lie on both sides of one. */
function pathLists({ rateLimit, tokens }: Config): (readonly string[])[] {
  const identity = tokens.mode === 'off' ? [] : [tokens.publicPaths, tokens.loginPaths];
  if (!rateLimit.enabled) return identity;
  return [...identity, rateLimit.exemptPaths, ...rateLimit.routes.map(({ path }) => [path])];
}

function rateLimitOptions({ rateLimit: { exemptPaths, headers }, tokens }: Config, rate: Rate) {
  const of = presentedCredential(tokens.cookie);
  const credentials = tokens.mode === 'off' ? undefined : { of, guard: rate.guard };
  return { ...rate, exemptPaths, headers, credentials };
}

function securityHeaderOptions({ headers }: Config, seconds: (milliseconds: number) => number) {
  return {
    mode: headers.mode,
    policy: {
      csp: headers.csp,
      default: headers.cspDefault,
      script: headers.cspScript,
      style: headers.cspStyle,
      font: headers.cspFont,
      img: headers.cspImg,
      connect: headers.cspConnect,
    },
    cspReportOnly: headers.cspReportOnly,
    cspReportPath: headers.cspReportPath,
    hstsMaxAge: seconds(headers.hstsMaxAge),
    referrerPolicy: headers.referrerPolicy,
    permissionsPolicy: headers.permissionsPolicy,
  };
}

function corsOptions({ cors }: Config, seconds: (milliseconds: number) => number) {
  return {
    origins: cors.origins,
    allowCredentials: cors.allowCredentials,
    methods: cors.allowedMethods,
    headers: cors.allowedHeaders,
    exposed: cors.exposedHeaders,
    maxAge: seconds(cors.maxAge),
  };
}

function cookieOptions({ headers }: Config) {
  return {
    secure: headers.cookieSecure === 'true',
    httpOnly: headers.cookieHttpOnly === 'true',
    scriptReadable: headers.cookieScriptReadable,
    sameSite: headers.cookieSameSite,
  };
}
