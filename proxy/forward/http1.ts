/** Forwards to an HTTP/1.1 app over pooled keep-alive connections; WebSocket handshakes take the same way. */
import net from 'node:net';
import type { Core } from '../../core/core.ts';
import type { ProbeResult } from '../../core/lifecycle.ts';
import type { Awaiting, Exchange } from '../exchange.ts';
import { Deadlines } from './deadlines.ts';
import { Http1Call } from './http1-call.ts';
import { Http1Pool } from './http1-pool.ts';
import { endpoint, type Upstream, type UpstreamOptions } from './upstream.ts';

export class Http1Upstream implements Upstream {
  private readonly options: UpstreamOptions;
  private readonly pool: Http1Pool;
  private readonly deadlines: Deadlines;

  constructor(options: UpstreamOptions, core: Core) {
    this.options = options;
    this.deadlines = new Deadlines(Math.min(250, Math.max(20, options.connectTimeout / 4)));
    this.pool = new Http1Pool({ ...options, levels: core.metrics.upstreamConnections });
  }

  forward(x: Exchange, to: Awaiting): void {
    new Http1Call(x, to, this.pool, this.options, this.deadlines).start();
  }

  reach(timeout: number): Promise<ProbeResult> {
    return reach(this.options.url, timeout);
  }

  close(): void {
    this.pool.close();
  }
}

/** Opens and drops a TCP connection: cheap, and no trace in the app's log. */
export function reach(url: URL, timeout: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ ...endpoint(url), timeout });
    const settle = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle({ ok: true }));
    socket.once('timeout', () =>
      settle({ ok: false, message: 'the app does not accept connections in time' }),
    );
    socket.once('error', () => settle({ ok: false, message: 'the app can not be reached' }));
  });
}
