/** What the line of a request says, by name and in the order in which it stands there. */
import type { Exchange, Outcome } from '../../exchange.ts';

export const PROTOCOL = {
  '1.0': 'http/1.0',
  '1.1': 'http/1.1',
  '2': 'h2',
  upgrade: 'websocket',
} as const;

const MESSAGE_PATH = 200;

export function title(x: Exchange, outcome: Outcome): string {
  const { method, path } = x.request;
  const shown = path.length > MESSAGE_PATH ? `${path.slice(0, MESSAGE_PATH)}…` : path;
  return `${method} ${shown} ${outcome.status}`;
}

/** Milliseconds with two digits. */
export const rounded = (ms: number): number => Math.round(ms * 100) / 100;

/** `elapsed` in milliseconds. */
export function facts(x: Exchange, outcome: Outcome, elapsed: number): Record<string, unknown> {
  const { request } = x;
  return {
    correlation_id: x.requestId,
    method: request.method,
    endpoint: x.endpoint,
    path: request.path,
    status_code: outcome.status,
    execution_time_ms: rounded(elapsed),
    upstream_ms: x.upstreamMs < 0 ? undefined : rounded(x.upstreamMs),
    bytes_in: x.bytesIn,
    bytes_out: outcome.bytesOut,
    client_ip: x.client.address,
    user_id: x.identity?.subject,
    protocol: PROTOCOL[request.kind === 'upgrade' ? 'upgrade' : request.version],
    outcome: outcome.end,
    code: x.problem?.code,
  };
}
