/** `GET /health/secrets`: what was found last, and which API keys clients use. */
import { json } from '../reply.ts';
import type { Route } from '../route.ts';
import type { SecretsHealth } from './secrets-health.ts';
import type { UsageCount } from './usage.ts';

export function secretsRoute(health: Pick<SecretsHealth, 'report'>, usage: Pick<UsageCount, 'list'>): Route {
  return {
    method: 'GET',
    path: '/health/secrets',
    open: false,
    async handle() {
      const report = await health.report();
      return json(report.status === 'critical' ? 503 : 200, { ...report, usage: usage.list() });
    },
  };
}
