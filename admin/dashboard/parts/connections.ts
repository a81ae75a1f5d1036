/** Connections on every side: clients, the app, the database and all who use it. */
import type { ServerReading } from '../../../core/postgres/statistics.ts';
import { count, plural } from '../format.ts';
import { type Html, html } from '../html.ts';
import { bar } from '../plot.ts';
import type { PoolView, Sources } from '../sources.ts';
import { type Column, nothing, table } from './table.ts';

export function connections({ metrics }: Pick<Sources, 'metrics'>): Html {
  const { h1, h2, websocket } = metrics.connections;
  const { idle, active } = metrics.upstreamConnections;
  return html`<dl class="list"><div><dt>Being answered</dt><dd>${count(metrics.inFlight.value)}</dd></div><div><dt>To the app</dt><dd>${count(active.value)} <small>in use</small> ${count(idle.value)} <small>idle</small></dd></div><div><dt>Clients</dt><dd>${count(h1.value)} <small>HTTP/1.1</small> ${count(h2.value)} <small>HTTP/2</small></dd></div><div><dt>WebSockets</dt><dd>${count(websocket.value)}</dd></div></dl>`;
}

export function pool(view: PoolView | undefined): Html {
  if (view === undefined) return nothing('No database is configured.');
  const { railguard, server, pooler } = view;
  const { size, idle, active, overflow_in_use, min, max, overflow, waiting, wait_ms, timeouts } = railguard;
  const own = bar(
    `${active} connections in use, ${idle} idle, of at most ${max + overflow}`,
    max + overflow,
    [
      { value: active, tone: overflow_in_use > 0 ? 'warn' : 'main' },
      { value: idle, tone: 'soft' },
    ],
  );
  return html`<dl class="list"><div><dt>railguard’s pool</dt><dd>${active} <small>in use</small> ${idle} <small>idle</small> ${overflow_in_use > 0 && html`${overflow_in_use} <small>overflow</small>`}</dd></div></dl>${own}<p class="fine">${size} open; keeps ${min}–${max}, up to ${overflow} more. ${waiting} waiting, wait p99 ${wait_ms.p99} ms, ${plural(timeouts, 'timeout')}.${pooler !== undefined && ` Pooler: ${pooler}.`}</p>${serverView(server)}`;
}

type Row = ServerReading['by_application'][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Application', cell: ({ application }) => application },
  { title: 'State', cell: ({ state }) => state },
  { title: 'User', cell: ({ user }) => user, kind: 'opt' },
  { title: 'Open', cell: (row) => row.count, kind: 'num' },
];

function serverView(server: ServerReading | undefined): Html {
  if (server === undefined) return nothing('The server did not say who is connected.');
  const { used, max_connections, reserved, status, by_application, stale, age_seconds } = server;
  const tone = status === 'healthy' ? 'main' : status === 'warning' ? 'warn' : 'bad';
  const share = bar(`${used} of ${max_connections} connections of the server are used`, max_connections, [
    { value: used, tone },
  ]);
  return html`<dl class="list"><div><dt>Server</dt><dd>${used} <small>of ${max_connections}, ${reserved} kept back</small></dd></div></dl>${share}${stale && html`<p class="fine warn">Figures are ${Math.round(age_seconds)} s old: the server does not answer.</p>`}${table('Connections of the database server by application', COLUMNS, by_application.slice(0, 8))}`;
}
