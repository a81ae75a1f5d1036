/** `npm run bench`: what railguard costs beside its peers, scenario by scenario, on one core. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { verdicts } from './aims.ts';
import { type Conditions, publish, save } from './archive.ts';
import { measurable } from './cpu.ts';
import { replay } from './load/wrk.ts';
import { type Options, readOptions, usage } from './options.ts';
import { peers } from './peers.ts';
import { endAll, pinned, pinSelf } from './processes.ts';
import { type Report, report } from './results.ts';
import { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { chosen, scenarios } from './scenarios/index.ts';
import { render } from './table.ts';

/** What a reader needs to judge the figures. */
function conditions(options: Options): Conditions {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    kernel: release(),
    cpu: `${cpus()[0]?.model ?? 'unknown'} (${arch()})`,
    load: replay(options.ownLoad).name,
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

async function measured(scenario: Scenario, options: Options, scratch: string): Promise<Report> {
  const rig = new Rig(scratch, options.only);
  try {
    return report(scenario, await scenario.run(rig, options));
  } finally {
    await rig.stop();
  }
}

/** Prints the verdicts; true when every aim that could be judged is reached, and one was. */
function judge(reports: readonly Report[]): boolean {
  const all = verdicts(reports);
  for (const { text } of all) console.error(text);
  if (all.length === 0) console.error('✗ nothing was measured that has an aim');
  return all.length > 0 && all.every(({ reached }) => reached);
}

async function main(options: Options): Promise<number> {
  const wanted = chosen(options.scenarios);
  pinSelf();
  announce(options);
  const scratch = mkdtempSync(join(tmpdir(), 'railguard-bench-'));
  // nginx reads its files as another user.
  chmodSync(scratch, 0o755);
  const clean = async () => {
    await endAll();
    rmSync(scratch, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => clean().finally(() => process.exit(130)));
  }
  try {
    const reports: Report[] = [];
    let broken = false;
    for (const scenario of wanted) {
      try {
        const found = await measured(scenario, options, scratch);
        reports.push(found);
        if (!options.json) console.log(`${render(scenario, found, true)}\n`);
        if (options.save) save(conditions(options), found);
      } catch (error) {
        broken = true;
        console.error(`✗ ${scenario.id}: ${(error as Error).message}\n`);
      }
    }
    if (options.json) console.log(JSON.stringify({ ...conditions(options), scenarios: reports }, null, 2));
    if (options.save) publish();
    const reached = !options.assert || judge(reports);
    return reached && !broken ? 0 : 1;
  } finally {
    await clean();
  }
}

try {
  const ids = ['direct', ...peers.map((peer) => peer.id)];
  const options = readOptions(process.argv.slice(2), ids);
  if (options === 'help') console.log(usage(scenarios, ids));
  else process.exitCode = await main(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof TypeError ? 64 : 1;
}
