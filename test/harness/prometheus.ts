/** A real Prometheus on a free port, with the rules and the scrape configuration that are shipped. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Child } from './child.ts';
import { freePort, until } from './ports.ts';

export const DEPLOY = path.resolve(import.meta.dirname, '../../deploy');
const DNS = / {4}# One private name[\s\S]*?refresh_interval: 15s\n/;

export class Prometheus {
  private readonly url: string;
  private readonly child: Child;
  private readonly home: string;

  private constructor(url: string, child: Child, home: string) {
    this.url = url;
    this.child = child;
    this.home = home;
  }

  /** Scrapes `target` (host:port) every second, as the shipped configuration says but for where to find it. */
  static async start(target: string, token: string): Promise<Prometheus> {
    const home = mkdtempSync(path.join(os.tmpdir(), 'prometheus-test-'));
    const port = await freePort();
    writeFileSync(path.join(home, 'token'), token);
    const shipped = readFileSync(path.join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8');
    const config = shipped
      .replace(DNS, `    static_configs: [{ targets: ['${target}'] }]\n`)
      .replace('/etc/prometheus/railguard-token', path.join(home, 'token'))
      .replaceAll(/- (alerts|slo)\.yml/g, (_, name) => `- ${path.join(DEPLOY, 'prometheus', `${name}.yml`)}`)
      .replace('scrape_interval: 15s', 'scrape_interval: 1s')
      .replace('scrape_timeout: 5s', 'scrape_timeout: 1s');
    writeFileSync(path.join(home, 'prometheus.yml'), config);
    const args = [
      `--config.file=${home}/prometheus.yml`,
      `--storage.tsdb.path=${home}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ];
    const child = new Child('prometheus', args, { PATH: process.env.PATH }, home);
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child, home);
    await until('Prometheus is ready', 15_000, async () => {
      if (child.exit !== undefined) throw new Error(child.tail());
      return (await fetch(`${prometheus.url}/-/ready`).catch(() => undefined))?.status === 200;
    });
    return prometheus;
  }

  /** The data of a v1 endpoint; throws with the error that Prometheus names. */
  async ask<T>(endpoint: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(body.error);
    return body.data;
  }

  /** The value of an instant query that gives one sample; undefined when it gives none. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.ask<{ result: { value: [number, string] }[] }>('query', { query });
    return result[0] === undefined ? undefined : Number(result[0].value[1]);
  }

  async stop(): Promise<void> {
    await this.child.stop('SIGTERM', 5000);
    rmSync(this.home, { recursive: true, force: true });
  }
}
