/** CPU time from /proc: what a process tree used, and what strangers took on the same cores meanwhile. */
import { list, read, words } from './proc.ts';

/** The unit of /proc/stat, in nanoseconds: USER_HZ is 100 on every Linux that Node runs on. */
const TICK = 1e7;

/** Whether this system tells CPU time to the nanosecond, thread by thread. */
export const measurable = read('/proc/self/schedstat') !== '';

/** Nanoseconds on a core, so far, of every thread of `pid` and of its descendants. */
export function treeTime(pid: number): number {
  let total = 0;
  for (const thread of list(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    total += Number(read(`${folder}/schedstat`).split(' ', 1)[0]);
    for (const child of words(read(`${folder}/children`))) total += treeTime(Number(child));
  }
  return total;
}

/** Nanoseconds used so far by the bench: this process, all it started that runs, and all that has ended. */
export function benchTime(): number {
  const stat = read('/proc/self/stat');
  const fields = words(stat.slice(stat.lastIndexOf(')') + 1));
  return treeTime(process.pid) + sum(fields.slice(13, 15)) * TICK;
}

/** Nanoseconds in which `cores` were busy so far, with anything, or withheld by the hypervisor. */
export function busyTime(cores: readonly number[]): number {
  const lines = read('/proc/stat').split('\n');
  let total = 0;
  for (const core of cores) {
    const [, user, nice, system, , , irq, softirq, steal] = words(
      lines.find((line) => line.startsWith(`cpu${core} `)) ?? '',
    );
    total += sum([user, nice, system, irq, softirq, steal]);
  }
  return total * TICK;
}

function sum(fields: readonly (string | undefined)[]): number {
  return fields.reduce((total, field) => total + Number(field ?? 0), 0);
}
