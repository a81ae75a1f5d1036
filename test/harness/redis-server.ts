/** A real redis-server on a free port, that can be stopped, paused and started again with what it knew gone. */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Child } from './child.ts';
import { freePort, listening, until } from './ports.ts';

export class RedisServer {
  readonly port: number;
  readonly url: string;
  private child: Child | undefined;

  private constructor(port: number) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const cwd = mkdtempSync(path.join(os.tmpdir(), 'redis-test-'));
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.child = new Child('redis-server', settings, { PATH: '/usr/bin:/usr/sbin' }, cwd);
    await until('redis listens', 5000, () => listening(this.port));
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Forgets every key. */
  async forget(): Promise<void> {
    const socket = net.connect(this.port, '127.0.0.1');
    const answered = once(socket, 'data');
    socket.write('FLUSHALL\r\n');
    await answered;
    socket.destroy();
  }

  /** Gone at once, as after a crash. */
  async stop(): Promise<void> {
    this.resume();
    await this.child?.stop('SIGKILL', 1000);
    this.child = undefined;
  }
}
