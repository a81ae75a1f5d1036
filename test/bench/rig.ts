/** One scenario's set-up: the app on the load's core, the peers in front of it on theirs. */
import { join } from 'node:path';
import { app } from './apps.ts';
import { peers } from './peers.ts';
import { type Command, freePort, LOAD_CORE, PROXY_CORE, type Running, start } from './processes.ts';
import type { Contestant } from './scenario.ts';

/** Settings that a scenario needs of railguard beyond those of the peer. */
export type Settings = Readonly<Record<string, string>>;

/** A peer that is set up but not started. */
export interface Prepared {
  readonly id: string;
  readonly label: string;
  readonly port: number;
  readonly command: Command;
}

export class Rig {
  /** A folder to write to, gone after the run. */
  readonly scratch: string;
  /** Ids of the peers the user asked for; empty means all. */
  private readonly only: readonly string[];
  private readonly running: Running[] = [];
  private appPort = 0;

  constructor(scratch: string, only: readonly string[]) {
    this.scratch = scratch;
    this.only = only;
  }

  /** Starts the app: `files` answers as fast as can be, `streams` also knows events and WebSockets. */
  async startApp(kind: 'files' | 'streams', ownApp: boolean): Promise<void> {
    this.appPort = await freePort();
    const command = app(kind === 'streams' || ownApp, this.appPort, this.scratch);
    this.running.push(await start(command, this.appPort, LOAD_CORE, this.scratch));
  }

  /** Those of `ids` that were asked for and are installed, set up in front of the app. */
  async prepare(ids: readonly string[], settings: Settings = {}): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    for (const peer of peers.filter(({ id }) => ids.includes(id) && this.wants(id))) {
      const port = await freePort();
      const place = { port, adminPort: await freePort(), upstream: this.appPort, scratch: this.scratch };
      const command = peer.command(place, settings);
      if (command === undefined) console.error(`${peer.label}: not installed, left out`);
      else prepared.push({ id: peer.id, label: peer.label, port, command });
    }
    return prepared;
  }

  async start({ id, label, port, command }: Prepared): Promise<Contestant> {
    const server = await start(command, port, PROXY_CORE, this.scratch);
    this.running.push(server);
    return { ...server, id, label };
  }

  /** Prepared and started; `direct` among the ids is the app itself. */
  async contestants(ids: readonly string[], settings: Settings = {}): Promise<Contestant[]> {
    const all: Contestant[] = [];
    if (ids.includes('direct') && this.wants('direct')) {
      all.push({ id: 'direct', label: 'direct, no proxy', ...this.running[0]! });
    }
    for (const prepared of await this.prepare(ids, settings)) all.push(await this.start(prepared));
    return all;
  }

  file(name: string): string {
    return join(this.scratch, name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map((server) => server.stop()));
  }

  private wants(id: string): boolean {
    return this.only.length === 0 || this.only.includes(id);
  }
}
