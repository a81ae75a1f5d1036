/** Latency in the open: how long the app took and how long railguard did, as W3C Server Timing. */
import type { Clock } from '../../core/clock.ts';
import type { Exchange, Filter, Reply } from '../exchange.ts';

/** The app's own Server-Timing lines stay: the field is a list. */
export function serverTiming({ clock }: { readonly clock: Clock }): Filter {
  return {
    name: 'server-timing',
    response(x: Exchange, reply: Reply): void {
      const total = clock.monotonic() - x.startedAt;
      const app = Math.max(x.upstreamMs, 0);
      const own = `railguard;dur=${Math.max(total - app, 0).toFixed(2)}`;
      reply.headers.append('Server-Timing', x.upstreamMs < 0 ? own : `app;dur=${app.toFixed(2)}, ${own}`);
    },
  };
}
