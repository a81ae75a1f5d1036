/** Liveness: the process answers. It touches nothing, so that nothing else can make it fail. */
import type { Clock } from '../../core/clock.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';

export function liveness(options: { readonly clock: Clock; readonly version: string }): Route {
  const { clock, version } = options;
  const startedAt = clock.monotonic();
  return {
    method: 'GET',
    path: '/health',
    open: true,
    handle: () =>
      json(200, {
        status: 'healthy',
        version,
        uptime_seconds: Math.round(clock.monotonic() - startedAt) / 1000,
        timestamp: new Date(clock.now()).toISOString(),
      }),
  };
}
