/** Memory of a process tree from /proc: resident, and its proportional share of what processes have in common. */
import { read, tree } from './proc.ts';

const KIB = 1024;

/** Bytes resident, shared pages counted in full for each process. */
export function resident(pid: number): number {
  return sum(pid, 'Rss');
}

/** Bytes resident, a page that n processes share counted as 1/n. */
export function proportional(pid: number): number {
  return sum(pid, 'Pss');
}

function sum(pid: number, field: 'Rss' | 'Pss'): number {
  const kib = tree(pid).map((one) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(read(`/proc/${one}/smaps_rollup`))?.[1] ?? 0),
  );
  return kib.reduce((total, value) => total + value, 0) * KIB;
}
