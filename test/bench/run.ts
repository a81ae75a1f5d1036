/** `npm run bench`: what railguard costs a request, beside its peers, in one run on one core. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measurable } from './cpu.ts';
import { generator } from './load.ts';
import { type Options, readOptions, usage } from './options.ts';
import { type Place, peers, upstream } from './peers.ts';
import { freePort, LOAD_CORE, PROXY_CORE, pinned, pinSelf, type Running, start } from './processes.ts';
import { type Contestant, measure } from './rounds.ts';
import { type Row, render, rows, warnings } from './table.ts';

async function bench(options: Options, scratch: string, servers: Running[]): Promise<Row[]> {
  const app = await place('', scratch);
  const behind = await start(upstream(app, options.ownLoad), app.port, LOAD_CORE, scratch);
  servers.push(behind);
  const wanted = (id: string) => options.only.length === 0 || options.only.includes(id);
  const contestants: Contestant[] = [];
  if (wanted('direct')) {
    contestants.push({
      id: 'direct',
      label: 'direct, no proxy',
      port: app.port,
      headers: [],
      pid: undefined,
    });
  }
  for (const { id, label, headers = [], command } of peers.filter((peer) => wanted(peer.id))) {
    const at = await place(`127.0.0.1:${app.port}`, scratch);
    const found = command(at);
    if (found === undefined) {
      console.error(`${label}: not installed, left out`);
      continue;
    }
    const server = await start(found, at.port, PROXY_CORE, scratch);
    servers.push(server);
    contestants.push({ id, label, port: server.port, headers, pid: server.pid });
  }
  const load = generator(options.ownLoad);
  const samples = await measure(
    { contestants, servers, generator: load, seconds: options.seconds },
    options.rounds,
  );
  return rows(new Map(contestants.map(({ id, label }) => [id, label])), samples);
}

async function place(behind: string, scratch: string): Promise<Place> {
  return { port: await freePort(), adminPort: await freePort(), upstream: behind, scratch };
}

/** What a reader needs to judge the figures. */
function conditions(options: Options): Record<string, string | number | boolean> {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    kernel: release(),
    cpu: `${cpus()[0]?.model ?? 'unknown'} (${arch()})`,
    load: generator(options.ownLoad).name,
    rounds: options.rounds,
    seconds: options.seconds,
    pinned,
  };
}

function announce(options: Options): void {
  console.error(
    Object.entries(conditions(options))
      .map(([name, value]) => `${name}: ${value}`)
      .join(' · '),
  );
  if (!pinned) console.error('No taskset, or one core alone: load and proxy share what there is.');
  if (!measurable) console.error('No /proc/…/schedstat here: the CPU of a request cannot be told.');
}

function verdict(table: readonly Row[]): boolean {
  const ratio = table.find((row) => row.id === 'railguard')?.cpuToHttpProxy ?? Number.NaN;
  const kept = ratio < 1;
  const told = Number.isNaN(ratio) ? 'could not be compared with' : `is ${ratio.toFixed(2)} ×`;
  console.error(
    `${kept ? '✓' : '✗'} railguard's CPU a request ${told} bare http-proxy's; it must be below 1 ×`,
  );
  return kept;
}

/** More digits than that would claim a precision no measurement has. */
function fiveDigits(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}

async function main(options: Options): Promise<number> {
  pinSelf();
  announce(options);
  const scratch = mkdtempSync(join(tmpdir(), 'railguard-bench-'));
  const servers: Running[] = [];
  const clean = async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    rmSync(scratch, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => clean().finally(() => process.exit(130)));
  }
  try {
    const table = await bench(options, scratch, servers);
    const result = { ...conditions(options), warnings: warnings(table), peers: table };
    const json = JSON.stringify(result, fiveDigits, 2);
    console.log(options.json ? json : render(table));
    if (options.save) writeFileSync(join(import.meta.dirname, '../../docs/bench.json'), `${json}\n`);
    return options.assert && !verdict(table) ? 1 : 0;
  } finally {
    await clean();
  }
}

try {
  const options = readOptions(process.argv.slice(2), ['direct', ...peers.map((peer) => peer.id)]);
  if (options === 'help') console.log(usage);
  else process.exitCode = await main(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof TypeError ? 64 : 1;
}
