/** Finds PgBouncer on this machine, and the user it may run as: it refuses to be root. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface Program {
  readonly path: string;
  readonly version: string;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
/** Debian's package makes the first, Alpine's the second; the last is everywhere. */
const USERS = ['pgbouncer', 'postgres', 'nobody'];
/** From here on it keeps prepared statements apart in transaction mode. */
const TRANSACTION_MODE_FROM = [1, 21];

export function findProgram(): Program | undefined {
  const path = PLACES.map((place) => `${place}/pgbouncer`).find((one) => existsSync(one));
  if (path === undefined) return undefined;
  const output = execFileSync(path, ['--version'], { encoding: 'utf8', env: {}, timeout: 5_000 });
  return { path, version: /\d+\.\d+(?:\.\d+)?/.exec(output)?.[0] ?? '0.0' };
}

/** Why this program will not do for the mode, with the mend; undefined when it will. */
export function unfit(program: Program | undefined, mode: 'session' | 'transaction'): string | undefined {
  if (program === undefined)
    return 'POOLER: managed needs PgBouncer, which is not installed; run `apt-get install pgbouncer`, or use off';
  if (mode === 'session') return undefined;
  const [major = 0, minor = 0] = program.version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = TRANSACTION_MODE_FROM;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return undefined;
  return `POOLER_MODE: transaction needs PgBouncer 1.21 or later, this one is ${program.version}; use session, or Debian 13's`;
}

/** Whom to become; undefined to stay who we are, which is right for whoever is not root. */
export function unprivileged(passwd = '/etc/passwd'): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = new Map<string, User>();
  for (const entry of readFileSync(passwd, 'utf8').split('\n')) {
    const [name = '', , uid, gid] = entry.split(':');
    known.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  const user = USERS.map((name) => known.get(name)).find((one) => one !== undefined && one.uid > 0);
  return user ?? { uid: 65534, gid: 65534 };
}
