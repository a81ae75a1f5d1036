/** `npm run bench:start`: what an installation weighs, how soon it listens, what it takes while nothing happens. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from '../harness/install.ts';
import { freePorts, listening } from '../harness/ports.ts';
import { median } from './median.ts';

const ROUNDS = 11;
const IDLE_SECONDS = 5;
/** Milliseconds and MB that are the aim. */
const AIM = { start: 350, rss: 70 };

interface Start {
  readonly milliseconds: number;
  readonly rss: number;
}

async function once(folder: string, idle: number): Promise<Start> {
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const env = {
    PATH: process.env.PATH,
    ENVIRONMENT: 'production',
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
  };
  const started = performance.now();
  const child = spawn(process.execPath, ['node_modules/railguard/dist/main.js', 'serve'], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  const ended = new Promise((done) => child.once('exit', done));
  try {
    while (!(await listening(port))) {
      if (child.exitCode !== null || performance.now() - started > 20_000)
        throw new Error('it does not listen');
      await sleep(2);
    }
    const milliseconds = performance.now() - started;
    await sleep(idle);
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
    return { milliseconds, rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1000 };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const row = (name: string, value: string): void => console.log(`${name.padEnd(34)} ${value}`);

const installed = await install();
try {
  const { packed, bytes, packages } = installed;
  row('tarball', `${mb(packed.size)}, ${packed.files.length} files, unpacked ${mb(packed.unpacked)}`);
  row('installed, production only', `${mb(bytes)}, ${packages.length} packages`);
  await once(installed.folder, 0);
  const starts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) starts.push((await once(installed.folder, 0)).milliseconds);
  const best = Math.min(...starts).toFixed(0);
  const worst = Math.max(...starts).toFixed(0);
  row(
    'start to listening, median',
    `${median(starts).toFixed(0)} ms (${best} to ${worst}); aim ${AIM.start} ms`,
  );
  const { rss } = await once(installed.folder, IDLE_SECONDS * 1000);
  row(`resident after ${IDLE_SECONDS} s idle`, `${rss.toFixed(0)} MB; aim ${AIM.rss} MB`);
} finally {
  installed.remove();
}
