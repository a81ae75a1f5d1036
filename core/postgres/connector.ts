/** Opens one connection: the host that answers, TLS as the URL says, and whatever a pooler in between lets through. */
import { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import {
  type DatabaseAddress,
  databaseAddress,
  databasePassword,
  type Hidden,
  type Host,
  tlsOptions,
} from './address.ts';
import { sqlState } from './failure.ts';
import { Link } from './link.ts';

export interface ConnectorOptions {
  readonly url: Hidden;
  readonly applicationName: string;
  /** Milliseconds in which a host has to let us in. */
  readonly connectTimeout?: number;
  /** Milliseconds a statement may run; the server ends it, and this side gives up 2 s later. */
  readonly statementTimeout?: number;
  /** Ask for nothing at startup that a pooler may not know; then only this side keeps the statement's time. */
  readonly bare?: boolean;
}

const KEEPALIVE_AFTER = 30_000;
const GRACE = 2_000;

export class Connector {
  readonly address: DatabaseAddress;
  private readonly options: ConnectorOptions;
  private readonly tls: ConnectionOptions | undefined;
  /** Which host let us in last; it is asked first. */
  private last = 0;
  /** Learnt from refusals: a server without TLS where TLS is only preferred, a pooler that knows no timeouts. */
  private plain = false;
  private bare: boolean;

  /** Throws when the URL, or a file it names, can't be read. */
  constructor(options: ConnectorOptions) {
    this.options = options;
    this.bare = options.bare ?? false;
    this.address = databaseAddress(options.url);
    this.tls = tlsOptions(this.address);
  }

  /** Tries each host once; rejects with the last error. */
  async open(): Promise<Link> {
    const { hosts } = this.address;
    let failure: unknown;
    for (let i = 0; i < hosts.length; i++) {
      const index = (this.last + i) % hosts.length;
      try {
        const link = await this.reach(hosts[index] as Host);
        this.last = index;
        return link;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private async reach(host: Host): Promise<Link> {
    for (;;) {
      const { plain, bare } = this;
      try {
        const link = await this.connect(host, plain, bare);
        return await this.mustTakeWrites(link);
      } catch (error) {
        // PgBouncer refuses parameters it does not know with a protocol violation.
        if (!bare && sqlState(error) === '08P01') this.bare = true;
        // pg gives the server's "no TLS here" without any code; every other failure has one.
        else if (!plain && this.address.tls === 'prefer' && isUncoded(error)) this.plain = true;
        else throw error;
      }
    }
  }

  private async connect(host: Host, plain: boolean, bare: boolean): Promise<Link> {
    const { applicationName, connectTimeout = 5_000, statementTimeout = 15_000, url } = this.options;
    // Loaded only where there is a database.
    const { Client } = (await import('pg')).default;
    const socket = new Socket();
    const client = new Client({
      ...host,
      user: this.address.user,
      database: this.address.database,
      // Asked at each connection, so that no field of ours holds it.
      password: () => databasePassword(url),
      ssl: plain || this.tls === undefined || host.host.startsWith('/') ? false : { ...this.tls },
      stream: () => socket,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeout,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_AFTER,
      query_timeout: statementTimeout + GRACE,
      ...(!bare && {
        statement_timeout: statementTimeout,
        idle_in_transaction_session_timeout: statementTimeout,
      }),
    });
    const link = new Link(client, socket);
    try {
      await client.connect();
      return link;
    } catch (error) {
      link.cut();
      throw error;
    }
  }

  private async mustTakeWrites(link: Link): Promise<Link> {
    if (!this.address.readWrite) return link;
    const { rows } = await link.client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
    if (rows[0]?.transaction_read_only === 'off') return link;
    await link.end();
    throw Object.assign(new Error('the server takes no writes'), { code: 'READ_ONLY' });
  }
}

const isUncoded = (error: unknown): boolean => (error as { code?: unknown }).code === undefined;
