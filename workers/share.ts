/** A worker's part of what the operator allows all of them together. */
import type { Config } from '../config/load.ts';

/** Never more in all than was allowed, unless it was less than one each. `port` is the one that all of them open. */
export function shareOf(config: Config, port = config.listeners.port): Config {
  const { workers } = config.listeners;
  const part = (whole: number): number => (whole === 0 ? 0 : Math.max(1, Math.floor(whole / workers)));
  const { limits, upstream, logs } = config;
  return {
    ...config,
    listeners: { ...config.listeners, port },
    limits: {
      ...limits,
      maxConnections: part(limits.maxConnections),
      maxInFlight: part(limits.maxInFlight),
    },
    upstream: { ...upstream, maxConnections: part(upstream.maxConnections) },
    logs: { ...logs, maxPerSecond: part(logs.maxPerSecond) },
  };
}
