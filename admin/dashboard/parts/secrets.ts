/** The managed secrets: how strong, how old, when to rotate. Never a value, nor a part of one. */
import type { SecretEntry, SecretsReport } from '../../secrets/report.ts';
import { plural } from '../format.ts';
import { type Html, html, prose } from '../html.ts';
import { bar } from '../plot.ts';
import { nothing } from './table.ts';

const CATEGORIES = {
  security: 'Security',
  infrastructure: 'Infrastructure',
  ai_providers: 'AI providers',
  external_services: 'External services',
} as const;

export function secrets(report: SecretsReport | undefined): Html {
  if (report === undefined) return nothing('Secrets are not watched here.');
  const { summary, categories, recommendations } = report;
  const groups = Object.entries(CATEGORIES).map(([key, title]) =>
    group(title, categories[key as keyof typeof CATEGORIES]),
  );
  const told = recommendations.slice(0, 4).map((text) => html`<li>${prose(text)}</li>`);
  return html`<p class="fine">${summary.configured} of ${summary.managed} set; ${summary.weak} weak, ${summary.invalid} malformed, ${plural(summary.rotation_due, 'rotation')} due.</p>${told.length > 0 && html`<ul class="advice">${told}</ul>`}<div class="scroll" tabindex="0" role="region" aria-label="Managed secrets"><table class="secrets"><thead><tr><th scope="col">Secret</th><th scope="col">Score</th><th scope="col" class="opt">Format</th><th scope="col" class="num opt">Age</th><th scope="col">Rotate by</th><th scope="col" class="opt">Findings</th></tr></thead>${groups}</table></div>`;
}

/** What is not set is named in one line: it has nothing else to tell. */
function group(title: string, entries: readonly SecretEntry[]): Html {
  const set = entries.filter(({ configured }) => configured);
  const missing = entries.filter(({ configured }) => !configured).map(({ name }) => name);
  const absent =
    missing.length > 0 &&
    html`<tr class="absent"><td colspan="6"><span>Not set:</span> ${missing.join(', ')}</td></tr>`;
  return html`<tbody><tr class="group"><th scope="rowgroup" colspan="6">${title}</th></tr>${set.map(row)}${absent}</tbody>`;
}

function row({
  name,
  score,
  format,
  age_days,
  age_source,
  rotate_by,
  rotation,
  findings,
}: SecretEntry): Html {
  const age = age_days === null ? '–' : `${age_source === 'first_seen' ? '≥ ' : ''}${age_days} d`;
  return html`<tr><th scope="row">${name}</th><td class="score">${scored(score)}</td><td class="opt">${formatWord(format)}</td><td class="num opt">${age}</td><td>${due(rotate_by, rotation)}</td><td class="opt">${findings.map((finding) => finding.replaceAll('_', ' ')).join(', ')}</td></tr>`;
}

function scored(score: number | null): Html {
  if (score === null) return html`–`;
  const tone = score >= 80 ? 'ok' : score >= 60 ? 'warn' : 'bad';
  return html`<span>${score}</span>${bar(`${score} of 100`, 100, [{ value: score, tone }])}`;
}

const formatWord = (format: SecretEntry['format']): Html =>
  format === 'ok' || format === 'unknown'
    ? html`<span class="quiet">${format}</span>`
    : html`<span class="tag ${format === 'placeholder' ? 'bad' : 'warn'}">${format}</span>`;

function due(by: string | null, rotation: SecretEntry['rotation']): Html {
  const day = by === null ? '–' : by.slice(0, 10);
  if (rotation === 'overdue') return html`${day} <span class="tag bad">overdue</span>`;
  if (rotation === 'due_soon') return html`${day} <span class="tag warn">soon</span>`;
  return html`<span class="quiet">${day}</span>`;
}
