/** Live sessions, to be looked at and ended; and the form that revokes a subject's tokens. */
import type { SessionView } from '../../../core/sessions.ts';
import { ago } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type Column, nothing, table } from './table.ts';

export type SessionList = readonly SessionView[] | 'off' | 'unavailable';

/** `now` in milliseconds since the epoch; without `mayAct` nothing can be ended from here. */
export function sessions(list: SessionList, now: number, mayAct: boolean): Html {
  if (list === 'off') return nothing('No tokens are verified, so there are no sessions.');
  if (list === 'unavailable') return nothing('The session store does not answer.');
  if (list.length === 0) return nothing('No session is live.');
  return table('Live sessions', columns(now, mayAct), list);
}

function columns(now: number, mayAct: boolean): Column<SessionView>[] {
  const time = (iso: string): Html => html`<time datetime="${iso}">${ago(Date.parse(iso), now)}</time>`;
  const plain: Column<SessionView>[] = [
    { title: 'Subject', cell: ({ subject }) => subject },
    { title: 'Session', cell: ({ id }) => html`<code>${id.slice(0, 12)}</code>`, kind: 'opt' },
    { title: 'Began', cell: ({ first_seen }) => time(first_seen), kind: 'opt' },
    { title: 'Last seen', cell: ({ last_seen }) => time(last_seen) },
  ];
  if (!mayAct) return plain;
  const end = ({ id, subject }: SessionView): Html =>
    html`<button type="button" class="quiet" data-end="${id}" data-subject="${subject}" aria-label="End the session ${id.slice(0, 12)} of ${subject}">End</button>`;
  return [...plain, { title: 'Action', cell: end, kind: 'num' }];
}

export const revocationForm = (mayAct: boolean): Html =>
  mayAct
    ? html`<form class="inline" data-revoke><label>Revoke all tokens of <input name="sub" required maxlength="1024" placeholder="subject" autocomplete="off"></label><label>because <input name="reason" maxlength="256" placeholder="reason" autocomplete="off"></label><button>Revoke…</button></form>`
    : html`<p class="fine">Set <code>ADMIN_TOKEN</code> and sign in to end sessions from here.</p>`;
