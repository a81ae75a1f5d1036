/** Reads /proc, where a process may end between two reads: then it counts as nothing. */
import { readdirSync, readFileSync } from 'node:fs';

export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The file's text; empty where there is none. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The folder's names; none where there is no such folder. */
export function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** `pid` and every process that descends from it. */
export function tree(pid: number): number[] {
  const pids = [pid];
  for (const thread of list(`/proc/${pid}/task`)) {
    for (const child of words(read(`/proc/${pid}/task/${thread}/children`)))
      pids.push(...tree(Number(child)));
  }
  return pids;
}
