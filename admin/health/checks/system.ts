/** Is there room: memory, CPU, disk, and an event loop that keeps time? */
import type { SystemReading } from '../../../core/system.ts';
import { type Finding, type HealthCheck, judged, over, type Threshold } from '../check.ts';

/** Percent; the event loop in milliseconds. */
export const SYSTEM_THRESHOLDS = {
  memory_percent: { warning: 85, critical: 95 },
  cpu_percent: { warning: 80 },
  disk_percent: { warning: 90, critical: 97 },
  event_loop_ms: { warning: 250, critical: 1000 },
} as const satisfies Record<string, Threshold>;

export function systemCheck(system: { read(): Promise<SystemReading> }): HealthCheck {
  return {
    name: 'system',
    async run() {
      const reading = await system.read();
      const { memory, cpu, disks, event_loop, process } = reading;
      return {
        ...judged(findings(reading)),
        memory,
        cpu,
        disks,
        event_loop,
        process,
        thresholds: SYSTEM_THRESHOLDS,
      };
    },
  };
}

function findings({ memory, cpu, disks, event_loop }: SystemReading): Finding[] {
  const limits = SYSTEM_THRESHOLDS;
  const found: Finding[] = disks.map(({ path, percent }) => ({
    status: over(percent, limits.disk_percent),
    message: `The disk of ${path} is ${percent} % full.`,
  }));
  if (memory !== null)
    found.push({
      status: over(memory.percent, limits.memory_percent),
      message: `${memory.percent} % of the memory is in use.`,
    });
  if (cpu !== null)
    found.push({
      status: over(cpu.percent, limits.cpu_percent),
      message: `${cpu.percent} % of the CPU is in use.`,
    });
  found.push({
    status: over(event_loop.max_ms, limits.event_loop_ms),
    message: `The event loop was blocked for ${Math.round(event_loop.max_ms)} ms in the last half minute.`,
  });
  return found;
}
