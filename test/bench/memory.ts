/** Memory of a process tree from /proc: all that is resident, and what is its own. */
import { read, tree } from './proc.ts';

/** Whose memory is looked at. */
export const PEERS = ['railguard', 'railguard-full', 'http-proxy', 'haproxy-full', 'nginx', 'caddy'];
/** More rounds tell nothing new: memory hardly scatters. */
export const MOST_ROUNDS = 3;

const KIB = 1024;

/** Bytes resident, shared pages counted in full for each process. */
export function resident(pid: number): number {
  return sum(pid, 'Rss');
}

/**
 * Bytes that come from no file: heap, stacks, compiled code. Unlike the proportional share it does not depend on how
 * many other processes run the same program, such as the bench itself.
 */
export function anonymous(pid: number): number {
  return sum(pid, 'Pss_Anon');
}

function sum(pid: number, field: 'Rss' | 'Pss_Anon'): number {
  const kib = tree(pid).map((one) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(read(`/proc/${one}/smaps_rollup`))?.[1] ?? 0),
  );
  return kib.reduce((total, value) => total + value, 0) * KIB;
}
