/** What every way to the app has in common: options and the errors a connection can die of. */
import type { ProbeResult } from '../../core/lifecycle.ts';
import type { Awaiting, Exchange } from '../exchange.ts';
import { Problem } from '../problem.ts';
import type { RequestFields } from './headers.ts';

/** All times in milliseconds, sizes in bytes. */
export interface UpstreamOptions {
  readonly url: URL;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly idleTimeout: number;
  readonly keepalive: number;
  readonly maxConnections: number;
  readonly hostHeader: 'preserve' | 'upstream';
  readonly maxHeaderSize: number;
  readonly fields: RequestFields;
}

export interface Upstream {
  /** Tells of the app's head (the body may still be on its way), or of a Problem, later. */
  forward(x: Exchange, to: Awaiting): void;
  /** Can a connection be opened now? Waits at most `timeout` ms. */
  reach(timeout: number): Promise<ProbeResult>;
  /** Closes what is idle; what is in use goes on until it ends. */
  close(): void;
}

/** Host and port of an upstream URL, as net.connect takes them. */
export function endpoint(url: URL): { host: string; port: number } {
  const secure = url.protocol === 'https:';
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || (secure ? 443 : 80)) };
}

export const unreachable = (cause: unknown): Problem => new Problem('upstream_unreachable', { cause });
export const broken = (cause: unknown): Problem => new Problem('upstream_error', { cause });
export const lied = (reason: string): Problem =>
  new Problem('upstream_protocol', { cause: `upstream: ${reason}` });
export const late = (what: string): Problem =>
  new Problem('upstream_timeout', { cause: `upstream: ${what}` });
