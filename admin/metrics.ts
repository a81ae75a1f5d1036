/** The scrape endpoint. */
import type { Metrics } from '../core/metrics.ts';
import type { Route } from './route.ts';

export function metricsRoute(metrics: Pick<Metrics, 'render'>): Route {
  return {
    method: 'GET',
    path: '/metrics',
    open: true,
    async handle(request) {
      const { type, body } = await metrics.render(request.headers.accept);
      return { status: 200, type, body, headers: { Vary: 'Accept' } };
    },
  };
}
