/** The pooler that railguard runs, and one it finds: Debian's PgBouncer in front of a real PostgreSQL. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findProgram, unprivileged } from '../../core/postgres/pooler/program.ts';
import { Child } from '../harness/child.ts';
import { freePort, listening, until } from '../harness/ports.ts';
import { PostgresCluster } from '../harness/postgres-cluster.ts';
import { type Railguard, startRailguard } from '../harness/railguard.ts';

const PASSWORD = 'pa\'s"s w0rd-%41-of-the-database';
const APP_DIR = path.resolve(import.meta.dirname, '../fixtures/app');

interface PoolerView {
  readonly kind: string;
  readonly state: string;
  readonly running?: boolean;
  readonly restarts?: number;
  readonly version: string;
  readonly pools: readonly Record<string, string | number>[];
  readonly config: Readonly<Record<string, string | number>>;
}
interface PoolView {
  readonly server: { by_application: { application: string; state: string; count: number }[] };
  readonly pooler: PoolerView | null;
}

let cluster: PostgresCluster;
let url: string;
let running: Railguard[] = [];

beforeAll(async () => {
  cluster = await PostgresCluster.start('max_connections=100');
  await cluster.sql(`CREATE ROLE app LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  await cluster.sql('GRANT CREATE ON DATABASE postgres TO app');
  url = cluster.urlOf('app', encodeURIComponent(PASSWORD));
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.kill()));
  running = [];
});
afterAll(() => cluster.stop());

async function start(env: Record<string, string>, options: object = {}): Promise<Railguard> {
  const railguard = await startRailguard({
    wait: 'listening',
    ...options,
    env: { DATABASE_URL: url, DB_POOL_MIN_SIZE: '2', LOG_LEVEL: 'debug', ...env },
  });
  running.push(railguard);
  return railguard;
}

async function managed(env: Record<string, string> = {}, options: object = {}) {
  const port = await freePort();
  const railguard = await start({ POOLER: 'managed', POOLER_PORT: String(port), ...env }, options);
  await until('the pooler listens', 5000, () => listening(port));
  return { railguard, port };
}

async function poolView(railguard: Railguard): Promise<PoolView> {
  const answer = await fetch(`${railguard.adminUrl}/pool`, { headers: { connection: 'close' } });
  return (await answer.json()) as PoolView;
}

const client = (port: number, user = 'app', password = PASSWORD, database = 'postgres') => {
  const one = new pg.Client({ host: '127.0.0.1', port, user, password, database, ssl: false });
  one.on('error', () => {});
  return one;
};

/** One client that comes, asks, stays a little and goes; the error's code, or `served`. */
async function visit(port: number): Promise<string> {
  const one = client(port);
  try {
    await one.connect();
    await one.query('SELECT pg_sleep(0.05)');
    return 'served';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await one.end();
  }
}

/** Processes of PgBouncer that run these files. */
function poolers(): { pid: number; uid: number; args: string }[] {
  const list = execFileSync('ps', ['-eo', 'pid=,uid=,args='], { encoding: 'utf8' }).split('\n');
  return list
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*railguard-pooler-.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, uid, args]) => ({ pid: Number(pid), uid: Number(uid), args: args as string }));
}

const filesOf = (args: string) => path.dirname(args.split(' ').at(-1) as string);

describe('a managed pooler', () => {
  it('serves 200 clients at once where the database alone refuses most of them', async () => {
    const { port } = await managed();
    const direct = await Promise.all(Array.from({ length: 200 }, () => visit(cluster.port)));
    expect(direct.filter((outcome) => outcome === '53300').length).toBeGreaterThan(60);
    let most = 0;
    let busy = true;
    const watching = (async () => {
      while (busy) {
        const rows = await cluster.sql<{ count: number }>(
          "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'app' AND application_name = ''",
        );
        most = Math.max(most, rows[0]?.count ?? 0);
      }
    })();
    const pooled = await Promise.all(Array.from({ length: 200 }, () => visit(port)));
    busy = false;
    await watching;
    expect(new Set(pooled)).toEqual(new Set(['served']));
    expect(most).toBeGreaterThan(5);
    expect(most).toBeLessThanOrEqual(60);
  });

  it('has the bounds of DB_POOL_*, and shows on /pool what its console says', async () => {
    const { railguard, port } = await managed({
      DB_POOL_MAX_SIZE: '7',
      DB_POOL_MAX_OVERFLOW: '3',
      DB_POOL_TIMEOUT: '4',
    });
    const clients = Array.from({ length: 12 }, () => client(port));
    const ten = clients.slice(0, 10);
    const last = clients.slice(10);
    for (const one of ten) await one.connect();
    await Promise.all(ten.map((one) => one.query('SELECT 1')));
    const refused = Promise.all(
      last.map((one) =>
        one
          .connect()
          .then(() => one.query('SELECT 1'))
          .catch(String),
      ),
    );
    const users = readFileSync(path.join(filesOf(poolers()[0]?.args as string), 'users'), 'utf8');
    const secret = /"railguard_console" "([^"]+)"/.exec(users)?.[1] as string;
    const console = client(port, 'railguard_console', secret, 'pgbouncer');
    await console.connect();
    const pools = async () => (await console.query('SHOW POOLS')).rows as Record<string, string | number>[];
    await until('the two wait', 3000, async () =>
      (await pools()).some((row) => row.database === 'postgres' && Number(row.cl_waiting) === 2),
    );
    const truth = (await pools()).find((row) => row.database === 'postgres') as Record<
      string,
      string | number
    >;
    const { pooler } = await poolView(railguard);
    expect(pooler).toMatchObject({ kind: 'managed', state: 'ok', running: true, restarts: 0 });
    expect(pooler?.config).toMatchObject({
      pool_mode: 'session',
      min_pool_size: 2,
      default_pool_size: 7,
      reserve_pool_size: 3,
      max_db_connections: 10,
      query_wait_timeout: 4,
    });
    const shown = pooler?.pools.find((row) => row.database === 'postgres');
    for (const column of ['cl_active', 'cl_waiting', 'sv_active', 'sv_idle']) {
      expect([column, shown?.[column]]).toEqual([column, Number(truth[column])]);
    }
    expect(shown).toMatchObject({ cl_active: 10, cl_waiting: 2, sv_active: 10 });
    const metrics = await (await fetch(`${railguard.adminUrl}/metrics`)).text();
    expect(metrics).toContain('railguard_db_pool_connections{pool="pgbouncer",state="client_waiting"} 2');
    await expect(console.query('SHUTDOWN')).rejects.toThrow();
    expect((await refused).every((outcome) => String(outcome).includes('query_wait_timeout'))).toBe(true);
    await Promise.all([...clients, console].map((one) => one.end()));
  });

  it('is back within two seconds when it is killed', async () => {
    const { railguard, port } = await managed();
    const before = poolers();
    process.kill(before[0]?.pid as number, 'SIGKILL');
    const killed = performance.now();
    await until('another one serves', 4000, async () => (await visit(port)) === 'served');
    expect(performance.now() - killed).toBeLessThan(2000);
    expect(poolers()[0]?.pid).not.toBe(before[0]?.pid);
    expect((await poolView(railguard)).pooler).toMatchObject({ running: true, restarts: 1 });
  });

  it('is no root, and leaves the password in no command line, environment, log or readable file', async () => {
    const { railguard, port } = await managed();
    const wrong = client(port, 'app', 'wrong');
    await expect(wrong.connect()).rejects.toThrow();
    expect(await visit(port)).toBe('served');
    const [pooler] = poolers();
    expect(pooler?.uid).toBe(unprivileged()?.uid ?? process.getuid?.());
    expect(pooler?.uid).not.toBe(0);
    const home = filesOf(pooler?.args as string);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(readdirSync(home).sort()).toEqual(['pgbouncer.ini', 'users']);
    for (const file of readdirSync(home)) expect(statSync(path.join(home, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(home, 'pgbouncer.ini'), 'utf8')).not.toContain('w0rd');
    expect(execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })).not.toContain('w0rd');
    expect(readFileSync(`/proc/${pooler?.pid}/environ`, 'utf8')).toBe('');
    await poolView(railguard);
    await railguard.stop();
    const said = [...railguard.child.stdout, ...railguard.child.stderr].join('\n');
    expect(said).toContain('pooler: ');
    expect(said).not.toContain('w0rd');
    expect(poolers()).toEqual([]);
    expect(() => statSync(home)).toThrow();
  });

  it('ends with railguard, however railguard ends, and the next one removes what it left', async () => {
    const { railguard } = await managed();
    expect(poolers()).toHaveLength(1);
    const home = filesOf(poolers()[0]?.args as string);
    await railguard.kill();
    await until('it is gone', 2000, () => poolers().length === 0);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    await managed();
    expect(() => statSync(home)).toThrow('ENOENT');
  });

  it('gives the app that exec starts its database by way of the pooler', async () => {
    const appPort = String(await freePort());
    const args = ['exec', '--', '/usr/bin/python3', '-m', 'uvicorn', 'app:app', '--app-dir', APP_DIR];
    args.push('--host', '127.0.0.1', '--port', appPort, '--log-level', 'warning');
    const { railguard } = await managed({ APP_PORT: appPort }, { args, wait: 'ready' });
    const answer = await fetch(`${railguard.url}/db`);
    expect(await answer.json()).toMatchObject({ application_name: 'monkey_coder_production' });
    const { pooler } = await poolView(railguard);
    expect(pooler?.pools.find((row) => row.database === 'postgres')).toMatchObject({ cl_active: 5 });
    await railguard.stop();
  });

  it('in transaction mode is refused before 1.21, and runs from then on', async () => {
    const [major, minor] = (findProgram()?.version ?? '0.0').split('.').map(Number) as [number, number];
    const knows = major > 1 || minor >= 21;
    const railguard = await start(
      { POOLER: 'managed', POOLER_PORT: String(await freePort()), POOLER_MODE: 'transaction' },
      { wait: 'none' },
    );
    await until(
      'it ended, or serves',
      5000,
      async () => railguard.child.exit !== undefined || (await listening(railguard.port)),
    );
    expect(railguard.child.exit?.code).toBe(knows ? undefined : 64);
    const said = railguard.child.stderr.join('\n');
    expect(said.includes('POOLER_MODE: transaction needs PgBouncer 1.21 or later')).toBe(!knows);
  });
});

describe('a pooler that is there already', () => {
  let child: Child | undefined;
  let home: string;
  let port: number;

  /** PgBouncer as an operator would run it; `statsUsers` may read its console. */
  async function operate(statsUsers: string): Promise<string> {
    port = await freePort();
    home = mkdtempSync(path.join(os.tmpdir(), 'operator-'));
    const file = (name: string, text: string) => {
      const where = path.join(home, name);
      writeFileSync(where, text);
      return where;
    };
    const users = file('users', `"app" "${PASSWORD.replaceAll('"', '""')}"\n`);
    const ini = file(
      'pgbouncer.ini',
      `[databases]\npostgres = host=127.0.0.1 port=${cluster.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
        `unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = ${users}\npool_mode = transaction\nstats_users = ${statsUsers}\n`,
    );
    chmodSync(home, 0o755);
    const user = unprivileged();
    if (user !== undefined) for (const one of [users, ini]) chownSync(one, user.uid, user.gid);
    const as =
      user === undefined ? [] : ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
    child = new Child('/usr/bin/setpriv', [...as, '--', findProgram()?.path as string, ini], {}, '/');
    await until('it listens', 5000, () => listening(port));
    return cluster.urlOf('app', encodeURIComponent(PASSWORD), 'postgres', port);
  }

  afterEach(async () => {
    await child?.stop('SIGKILL', 1000);
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
    child = undefined;
  });

  it('is read, and railguard works through it in transaction mode', async () => {
    const railguard = await start({ POOLER: 'detect', DATABASE_URL: await operate('app') });
    await until('the schema stands', 8000, () =>
      railguard.child.stdout.some((line) => line.includes('the database schema stands')),
    );
    const { pooler, server } = await poolView(railguard);
    expect(pooler).toMatchObject({ kind: 'detected', state: 'ok', version: findProgram()?.version });
    expect(pooler?.config).toMatchObject({ pool_mode: 'transaction' });
    expect(pooler?.pools.map((row) => row.database).sort()).toEqual(['pgbouncer', 'postgres']);
    expect(server.by_application.some(({ application }) => application === 'railguard')).toBe(true);
    expect((await railguard.stop()).code).toBe(0);
  });

  it('is said to be closed to us when its console is', async () => {
    const railguard = await start({ POOLER: 'detect', DATABASE_URL: await operate('somebody_else') });
    expect((await poolView(railguard)).pooler).toMatchObject({
      kind: 'detected',
      state: 'refused',
      pools: [],
    });
  });

  it('is null when DATABASE_URL leads to the database itself, or when nobody asked for one', async () => {
    const [asked, unasked] = await Promise.all([start({ POOLER: 'detect' }), start({})]);
    expect((await poolView(asked)).pooler).toBeNull();
    expect((await poolView(unasked)).pooler).toBeNull();
  });
});

it('PgBouncer is installed', () => {
  expect(spawnSync(findProgram()?.path ?? '', ['--version']).status).toBe(0);
});
