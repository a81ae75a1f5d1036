/** The rig of every case: railguard as a process of its own, in front of an upstream that the case writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { RESPONSE_PATH } from '../harness/railguard.ts';
import { sleep } from './bytes.ts';
import { talkH1 } from './h1-client.ts';
import { Upstream } from './upstream.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILT = resolve(ROOT, 'dist/main.js');
/** The built program (`npm run test:conformance` builds it); RAILGUARD_ENTRY names another one. */
const ENTRY = resolve(ROOT, process.env.RAILGUARD_ENTRY ?? (existsSync(BUILT) ? BUILT : 'main.ts'));
const OWN_NODE = resolve(ROOT, 'node_modules/.bin/node');
const NODE = existsSync(OWN_NODE) ? OWN_NODE : process.execPath;

/** What differs from the defaults, by name; each group is one process. */
export const GROUPS = {
  plain: {},
  impatient: {
    HEADER_TIMEOUT: '2s',
    BODY_TIMEOUT: '4s',
    KEEPALIVE_TIMEOUT: '2s',
    UPSTREAM_RESPONSE_TIMEOUT: '1s',
    UPSTREAM_IDLE_TIMEOUT: '1s',
  },
  small: { MAX_BODY_SIZE: '1kb', MAX_URL_LENGTH: '1kb', MAX_HEADERS: '20' },
  behindProxy: { TRUSTED_PROXIES: '127.0.0.0/8,203.0.113.0/28', CLIENT_IP_SOURCE: 'x-forwarded-for' },
  behindRealIp: { TRUSTED_PROXIES: '127.0.0.1/32', CLIENT_IP_SOURCE: 'x-real-ip' },
  strictHost: { TRUSTED_HOSTS: 'app.test,*.example.org' },
} satisfies Record<string, Record<string, string>>;

export type Group = keyof typeof GROUPS;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

export class Rig {
  readonly port: number;
  readonly upstream: Upstream;
  private readonly child: ChildProcess;
  private output = '';

  private constructor(port: number, upstream: Upstream, child: ChildProcess) {
    this.port = port;
    this.upstream = upstream;
    this.child = child;
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-8000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const orphan = () => child.kill('SIGKILL');
    process.once('exit', orphan);
    child.once('exit', () => process.off('exit', orphan));
  }

  static async start(group: Group): Promise<Rig> {
    const upstream = await Upstream.start();
    const port = await freePort();
    const child = spawn(NODE, [ENTRY, 'serve'], {
      cwd: resolve(ROOT, 'test/conformance'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        HOST: '127.0.0.1',
        ADMIN_PORT: String(await freePort()),
        ADMIN_HOST: '127.0.0.1',
        UPSTREAM_URL: `http://127.0.0.1:${upstream.port}`,
        ENABLE_RATE_LIMITING: 'false',
        JSON_LOGS: 'true',
        LOG_LEVEL: 'warn',
        ...RESPONSE_PATH,
        ...GROUPS[group],
      },
    });
    const rig = new Rig(port, upstream, child);
    await rig.ready();
    return rig;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The last things railguard wrote, for a failure message. */
  get log(): string {
    return this.output;
  }

  /** The same process answers a plain GET within a second, and with the right body. */
  async alive(): Promise<string> {
    if (this.child.exitCode !== null) return `exited with ${this.child.exitCode}: ${this.output}`;
    try {
      const get = 'GET /alive HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n';
      const [reply] = (await talkH1(this.port, [get], { deadline: 1000, linger: 0 })).replies;
      if (reply?.status === 200 && reply.body.toString('latin1') === 'ok') return '';
      return `answered ${reply?.status} ${JSON.stringify(reply?.body.toString('latin1'))}`;
    } catch (thrown) {
      return `answered with ${(thrown as Error).message}`;
    }
  }

  /** Resident memory in bytes. */
  get rss(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]) * 1024;
  }

  /** Open file descriptors, sockets among them. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = new Promise((done) => this.child.once('exit', done));
      this.child.kill('SIGKILL');
      await exited;
    }
    await this.upstream.stop();
  }

  private async ready(): Promise<void> {
    const end = performance.now() + 20_000;
    while (performance.now() < end) {
      if (this.child.exitCode !== null) break;
      if ((await this.alive()) === '') return;
      await sleep(50);
    }
    const { output } = this;
    await this.stop();
    throw new Error(`railguard (${ENTRY}) did not start: ${output}`);
  }
}
