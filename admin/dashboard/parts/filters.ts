/** The chain in its order, with what each filter does with what it would refuse; and the stores. */
import type { Component } from '../../../core/components.ts';
import { type Html, html } from '../html.ts';
import { modeTag } from './refusals.ts';

export function filters(components: readonly Component[]): Html {
  const of = (kind: Component['kind']): readonly Component[] => components.filter((one) => one.kind === kind);
  const reporting = components.filter(({ mode }) => mode === 'report').length;
  const note =
    reporting === 0
      ? 'Every filter enforces.'
      : 'Filters in report mode log and count what they would refuse, and let it pass.';
  return html`<p class="fine">${note}</p><ol class="chain">${of('filter').map(item)}</ol><ul class="chain stores">${of('store').map(item)}</ul>`;
}

const item = ({ name, state, mode, message }: Component): Html =>
  html`<li class="${state}">${name.replaceAll('_', ' ')}${mode === 'report' && modeTag(mode)}${state === 'off' && html`<span class="tag">off</span>`}${state === 'degraded' && html`<span class="tag bad">degraded</span><small>${message}</small>`}</li>`;
