/** The data plane put together: client → chain → app, behind one port. */
import type { AddressInfo } from 'node:net';
import type { Config } from '../config/load.ts';
import type { Audit } from '../core/audit.ts';
import type { Component } from '../core/components.ts';
import type { Core } from '../core/core.ts';
import type { Probe } from '../core/lifecycle.ts';
import { type Redis, redisSettled } from '../core/redis.ts';
import type { SessionDirectory } from '../core/sessions.ts';
import { chain, REPORTABLE } from './chain.ts';
import { ClientResolver } from './client.ts';
import type { Filter } from './exchange.ts';
import { H2cUpstream } from './forward/h2c.ts';
import { RequestFields } from './forward/headers.ts';
import { Http1Upstream } from './forward/http1.ts';
import type { Upstream } from './forward/upstream.ts';
import { type Identity, openIdentity } from './identity/identity.ts';
import { Listener } from './listener.ts';
import { LoopLag } from './loop-lag.ts';
import { Tunnels } from './serve/tunnel.ts';
import type { Central } from './stores/central.ts';
import { openRate, type Rate } from './stores/limiter.ts';
import { UpstreamHealth } from './upstream-health.ts';
import { type Forward, Walk } from './walk.ts';

/** Milliseconds for tunnels to end after their Close. */
const TUNNEL_GRACE = 1500;
/** Milliseconds a start waits for Redis; it goes on without. */
const REDIS_PATIENCE = 2000;

export interface Backing {
  readonly audit: Audit;
  /** What replicas share; undefined without REDIS_URL. */
  readonly redis: Redis | undefined;
  /** Keeps for several processes what no Redis does. */
  readonly central?: Central | undefined;
}

export class DataPlane {
  /** What only the data plane knows, for whoever asks how it is. */
  readonly probes: readonly Probe[];
  /** One of them: does the app accept connections? */
  readonly upstreamProbe: Probe;
  /** Undefined while tokens are off. */
  readonly sessions: SessionDirectory | undefined;
  private readonly filters: readonly Component[];
  private readonly identity: Identity;
  private readonly redis: Redis | undefined;
  private readonly rate: Rate | undefined;
  private readonly walk: Walk;
  private readonly upstream: Upstream;
  private readonly tunnels: Tunnels;
  private readonly listener: Listener;
  private readonly lag: LoopLag;

  constructor(config: Config, core: Core, backing: Backing) {
    this.identity = openIdentity(config.tokens, config.sessions, { core, ...backing, salt: salt(config) });
    this.sessions = this.identity.directory;
    this.redis = backing.redis;
    const { redis, central } = backing;
    const backends = { redis, sql: core.postgres?.pool, central: central?.rate };
    this.rate = config.rateLimit.enabled ? openRate(config.rateLimit, backends, core) : undefined;
    this.upstream = createUpstream(config, core);
    const health = new UpstreamHealth((timeout) => this.upstream.reach(timeout));
    this.upstreamProbe = health;
    this.probes = [health, ...this.identity.probes];
    const healthy = (): boolean | Promise<boolean> => {
      if (core.lifecycle.phase !== 'serving') return false;
      const result = health.check();
      return result instanceof Promise ? result.then(({ ok }) => ok) : result.ok;
    };
    this.tunnels = new Tunnels(core.metrics.connections.websocket, config.limits.writeTimeout);
    this.lag = watchLag(config.limits.maxEventLoopDelay, core);
    const filters = chain(config, {
      core,
      identity: this.identity,
      rate: this.rate,
      healthy,
      inFlight: () => this.walk.inFlight - this.tunnels.size,
      lagging: () => this.lag.sheds(),
    });
    const reporting = reportOnly(config);
    const forward: Forward = (x, to) => this.upstream.forward(x, to);
    this.walk = new Walk({ filters, forward, core, reportOnly: reporting });
    this.filters = filterStates(filters, reporting);
    const clients = new ClientResolver({
      source: config.client.ipSource,
      trustedProxies: config.client.trustedProxies,
    });
    const { host, port, workers, responsePath, tlsCert, tlsKey } = config.listeners;
    const tls =
      tlsCert !== undefined && tlsKey !== undefined ? { cert: tlsCert, key: tlsKey.reveal() } : undefined;
    const serving = { options: config.limits, core, walk: this.walk, clients, tunnels: this.tunnels };
    const reusePort = workers > 1 && process.platform === 'linux';
    this.listener = new Listener({ host, port, reusePort, responsePath, tls }, serving);
  }

  /** Every filter in its order, and every store, as they are now. */
  components(): Component[] {
    return [
      ...this.filters,
      ...(this.rate === undefined ? [] : [rateStore(this.rate)]),
      ...this.identity.stores(),
    ];
  }

  /** Rejects with code EADDRINUSE when the port is taken. */
  async listen(): Promise<AddressInfo> {
    // The first requests are counted where they belong, not locally because Redis was not asked yet.
    await Promise.all([this.identity.start(), this.redis && redisSettled(this.redis, REDIS_PATIENCE)]);
    this.lag.start();
    return this.listener.listen();
  }

  /** Finishes what is under way, for `timeout` ms at most; then ends tunnels (1001) and cuts the rest. */
  async drain(timeout: number): Promise<void> {
    this.listener.drain();
    await until(() => this.walk.inFlight <= this.tunnels.size, timeout);
    this.tunnels.closeAll();
    await until(() => this.walk.inFlight === 0, TUNNEL_GRACE);
    this.listener.destroy();
    this.lag.stop();
    this.upstream.close();
    this.identity.close();
    this.rate?.limiter.close();
  }
}

/** Says once that it begins, and once that it is over. */
function watchLag(limit: number, { log, metrics }: Core): LoopLag {
  const onChange = (shedding: boolean, lag: number): void => {
    const facts = { delay_ms: Math.round(lag) };
    if (shedding) log.warn('lifecycle', 'the event loop runs late; some new requests are turned away', facts);
    else log.info('lifecycle', 'the event loop keeps up again', facts);
  };
  const lag = new LoopLag({ limit, onChange });
  const help = 'Share of new requests turned away because the event loop runs late.';
  metrics.gauge('railguard_overload_share', help, [], (gauge) => gauge.set(lag.share));
  return lag;
}

/** Those of REPORTABLE that are not in the chain are off. */
function filterStates(filters: readonly Filter[], reporting: ReadonlySet<string>): Component[] {
  const names = [...new Set(filters.map(({ name }) => name))];
  const on = names.map((name): Component => {
    const mode = reporting.has(name) ? 'report' : 'enforce';
    return { name, kind: 'filter', state: 'on', ...(REPORTABLE.has(name) && { mode }) };
  });
  const off = [...REPORTABLE].filter((name) => !names.includes(name));
  return [...on, ...off.map((name): Component => ({ name, kind: 'filter', state: 'off' }))];
}

function rateStore({ limiter }: Rate): Component {
  const common = { name: `rate_limit_${limiter.storeName}`, kind: 'store' } as const;
  if (!limiter.degraded) return { ...common, state: 'on' };
  return { ...common, state: 'degraded', message: 'The rate limit store does not answer.' };
}

/** What replicas of one deployment share and nobody else knows. */
function salt({ secrets, tokens, listeners, redis }: Config): string | undefined {
  return (secrets.pepper ?? tokens.secretKey ?? listeners.adminToken ?? redis.url)?.reveal();
}

function createUpstream(config: Config, core: Core): Upstream {
  const { limits, upstream, tokens } = config;
  const fields = new RequestFields(tokens.identityHeaders);
  const options = { ...upstream, maxHeaderSize: limits.maxUpstreamHeaderSize, fields };
  return upstream.url.protocol === 'h2c:' ? new H2cUpstream(options, core) : new Http1Upstream(options, core);
}

function reportOnly({ rollout }: Config): ReadonlySet<string> {
  return rollout.enforcement === 'report' ? REPORTABLE : new Set(rollout.reportOnly);
}

/** Looks every 20 ms; resolves when it holds or the time is up. */
async function until(holds: () => boolean, timeout: number): Promise<void> {
  const end = performance.now() + timeout;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}
