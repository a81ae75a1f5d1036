/** What prom-client tells of every Node process; from the first scrape on, since watching costs, and most are never scraped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, collector, type Registry } from './prom.ts';

/** All there are, less the CPU time: that file alone loads OpenTelemetry. */
const COLLECTORS = [
  'processStartTime',
  'osMemoryHeap',
  'processOpenFileDescriptors',
  'processMaxFileDescriptors',
  'eventLoopLag',
  'processResources',
  'processHandles',
  'processRequests',
  'heapSizeAndUsed',
  'heapSpacesSizeAndUsed',
  'version',
  'gc',
];

/** Gauges whose names the Prometheus naming rules keep for counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Milliseconds in which the watch over the event loop sees it turn. */
const FIRST_LOOK = 25;

/** Registers them all; resolves when each has something to say. */
export async function watchProcess(registry: Registry): Promise<void> {
  cpuTime(registry);
  for (const name of COLLECTORS) collector(name)(registry);
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  await sleep(FIRST_LOOK);
}

function cpuTime(registry: Registry): void {
  const counter = (kind: string, what: string, read: (usage: NodeJS.CpuUsage) => number): void => {
    new Counter({
      name: `process_cpu_${kind}seconds_total`,
      help: `Total ${what} CPU time spent in seconds.`,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read(process.cpuUsage()) / 1e6);
      },
    });
  };
  counter('user_', 'user', ({ user }) => user);
  counter('system_', 'system', ({ system }) => system);
  counter('', 'user and system', ({ user, system }) => user + system);
}
