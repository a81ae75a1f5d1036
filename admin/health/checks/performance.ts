/** Do requests succeed, and in good time? Judged over five minutes. */
import type { Clock } from '../../../core/clock.ts';
import type { Performance } from '../../../core/performance.ts';
import { type HealthCheck, judged, over, type Threshold } from '../check.ts';

export const PERFORMANCE_THRESHOLDS = {
  /** Share of answers of 500 and above. */
  error_rate: { warning: 0.05, critical: 0.15 },
  /** Milliseconds. */
  p95: { warning: 2000, critical: 5000 },
} as const satisfies Record<string, Threshold>;

/** One failure among three requests is no rate. */
const ENOUGH = 20;

export function performanceCheck(performance: Performance, clock: Clock): HealthCheck {
  return {
    name: 'performance',
    run() {
      const reading = performance.read(clock.monotonic());
      const { error_rate, p95 } = PERFORMANCE_THRESHOLDS;
      const findings = [
        {
          status: over(reading.error_rate, error_rate),
          message: `${Math.round(reading.error_rate * 1000) / 10} % of the requests failed.`,
        },
        {
          status: over(reading.p95 ?? 0, p95),
          message: `One request in twenty takes longer than ${Math.round(reading.p95 ?? 0)} ms.`,
        },
      ];
      return {
        ...judged(reading.requests < ENOUGH ? [] : findings),
        ...reading,
        thresholds: PERFORMANCE_THRESHOLDS,
      };
    },
  };
}
