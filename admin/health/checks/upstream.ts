/** Does the app accept connections, and how many does it hold? */
import type { Probe } from '../../../core/lifecycle.ts';
import type { Metrics } from '../../../core/metrics.ts';
import type { HealthCheck } from '../check.ts';

export function upstreamCheck(
  probe: Probe,
  metrics: Pick<Metrics, 'upstreamConnections' | 'inFlight'>,
): HealthCheck {
  return {
    name: 'upstream',
    async run() {
      const { ok, message, figures } = await probe.check();
      const { idle, active } = metrics.upstreamConnections;
      const known = { ...figures, idle: idle.value, active: active.value, in_flight: metrics.inFlight.value };
      if (ok) return { status: 'healthy', ...known };
      return { status: 'critical', message: sentence(message ?? 'the app does not answer'), ...known };
    },
  };
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return first.endsWith('.') ? first : `${first}.`;
}
