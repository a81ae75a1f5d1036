/** The audit, newest first, and the form that searches it. */
import { AUDIT_TYPES, type AuditEvent } from '../../../core/audit.ts';
import { clockTime } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type Column, nothing, table } from './table.ts';

export interface AuditSearch {
  readonly type: string;
  readonly subject: string;
  /** Minutes back; empty: as far as there is anything. */
  readonly within: string;
}

const WITHIN = [
  ['', 'any time'],
  ['15', '15 minutes'],
  ['60', 'an hour'],
  ['1440', 'a day'],
  ['10080', 'a week'],
] as const;

const COLUMNS: readonly Column<AuditEvent>[] = [
  {
    title: 'Time (UTC)',
    cell: ({ time }) => html`<time datetime="${time}">${time.slice(5, 10)} ${clockTime(time)}</time>`,
    kind: 'num first',
  },
  {
    title: 'Event',
    cell: ({ type, action }) => html`${type.replaceAll('_', ' ')} <b>${action.replaceAll('_', ' ')}</b>`,
  },
  {
    title: 'Outcome',
    cell: ({ outcome, reason }) =>
      html`<span class="${outcome === 'failure' ? 'failure' : 'quiet'}">${outcome}</span>${reason !== undefined && html` <small>${reason.replaceAll('_', ' ')}</small>`}`,
  },
  { title: 'Subject', cell: ({ subject, key_id }) => subject ?? key_id ?? '', kind: 'opt' },
  { title: 'Client', cell: ({ client_ip }) => client_ip ?? '', kind: 'opt' },
  {
    title: 'Request',
    cell: ({ method, path }) => path !== undefined && `${method ?? ''} ${path}`,
    kind: 'opt wide',
  },
];

const chosen = (is: boolean): Html | false => is && html` selected`;

export function auditForm(search: AuditSearch): Html {
  const types = ['', ...AUDIT_TYPES].map(
    (type) =>
      html`<option value="${type}"${chosen(type === search.type)}>${type === '' ? 'any event' : type.replaceAll('_', ' ')}</option>`,
  );
  const within = WITHIN.map(
    ([value, title]) => html`<option value="${value}"${chosen(value === search.within)}>${title}</option>`,
  );
  return html`<form class="inline" method="get" action="/#audit" role="search" aria-label="Audit" data-audit><label>Event <select name="type">${types}</select></label><label>Subject <input name="subject" value="${search.subject}" maxlength="256" autocomplete="off"></label><label>Within <select name="within">${within}</select></label><button>Search</button></form>`;
}

export function audit(events: readonly AuditEvent[] | undefined): Html {
  if (events === undefined) return nothing('No audit is kept.');
  return events.length === 0 ? nothing('Nothing was found.') : table('Audit events', COLUMNS, events);
}
