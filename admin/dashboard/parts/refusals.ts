/** Who was turned away: by which filter, for what, and the newest of them. */
import type { RefusalTotal, RefusalView } from '../../../core/refusals.ts';
import { clockTime, count } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { Sources } from '../sources.ts';
import { type Column, nothing, table } from './table.ts';

const SHOWN = 10;

const TOTALS: readonly Column<RefusalTotal>[] = [
  { title: 'Filter', cell: ({ filter }) => filter },
  { title: 'Code', cell: ({ code }) => html`<code>${code}</code>` },
  { title: 'Mode', cell: ({ mode }) => modeTag(mode) },
  { title: 'Count', cell: (row) => count(row.count), kind: 'num' },
];

const NEWEST: readonly Column<RefusalView>[] = [
  {
    title: 'Time',
    cell: ({ time }) => html`<time datetime="${time}">${clockTime(time)}</time>`,
    kind: 'num',
  },
  { title: 'Request', cell: ({ method, path }) => html`<b>${method}</b> ${path}`, kind: 'wide' },
  { title: 'Why', cell: ({ code, mode }) => html`<code>${code}</code>${mode === 'report' && modeTag(mode)}` },
  { title: 'Client', cell: ({ client }) => client, kind: 'opt' },
  {
    title: 'Correlation id',
    cell: ({ correlationId: id }) =>
      html`<code title="${id}">${id.length > 14 ? `…${id.slice(-12)}` : id}</code>`,
    kind: 'opt',
  },
];

export const modeTag = (mode: 'enforce' | 'report' | undefined): Html | undefined =>
  mode === undefined
    ? undefined
    : mode === 'report'
      ? html`<span class="tag warn">report</span>`
      : html`<span class="tag">enforce</span>`;

export function refusals({ refusals }: Pick<Sources, 'refusals'>): Html {
  const totals = refusals?.totals() ?? [];
  if (refusals === undefined || totals.length === 0) return nothing('Nothing was refused since the start.');
  return html`<div class="split"><div><h3>Since the start</h3>${table('Refusals by filter and code', TOTALS, totals.slice(0, SHOWN))}</div><div><h3>Newest</h3>${table('The newest refusals', NEWEST, refusals.newest(SHOWN))}</div></div>`;
}
