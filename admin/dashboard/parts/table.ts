/** Tables that scroll within themselves, so that the page does not. */
import { type Html, html, type Value } from '../html.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => Value;
  /** `num`: right-aligned; `opt`: left out on a small screen; `mono`: an id. */
  readonly kind?: string;
}

export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): Html {
  const head = columns.map(({ title, kind }) => html`<th scope="col" class="${kind}">${title}</th>`);
  const body = rows.map(
    (row) => html`<tr>${columns.map(({ cell, kind }) => html`<td class="${kind}">${cell(row)}</td>`)}</tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export const nothing = (text: string): Html => html`<p class="nothing">${text}</p>`;
