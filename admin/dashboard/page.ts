/** The document of the dashboard and of its door, with the policy that lets in nothing but their own style and script. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AdminReply } from '../reply.ts';
import { span } from './format.ts';
import { Html, html } from './html.ts';
import { auditForm } from './parts/audit.ts';
import { revocationForm } from './parts/sessions.ts';
import type { Sources } from './sources.ts';
import type { Looking, Part } from './view.ts';
import { NO_SEARCH } from './view.ts';

const asset = (name: string): string => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
const STYLE = asset('page.css');
const SCRIPT = asset('page.js');
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 1 14 3.5V8c0 3.5-2.5 6-6 7-3.5-1-6-3.5-6-7V3.5Z' fill='%231f6f78'/%3E%3C/svg%3E";

export interface PageOptions {
  readonly sources: Sources;
  readonly looking: Looking;
  readonly parts: Readonly<Record<Part, Html>>;
  /** Of the login; undefined when none is needed, and nothing can be changed. */
  readonly csrf: string | undefined;
}

export function dashboardPage(options: PageOptions): AdminReply {
  const { sources, parts, looking, csrf } = options;
  const { mayAct, search = NO_SEARCH } = looking;
  const section = (id: Part, title: string, more?: Html): Html =>
    html`<section aria-labelledby="${id}-title" id="${id}"><h2 id="${id}-title">${title}</h2>${more}<div data-part="${id}">${parts[id]}</div></section>`;
  const body = html`<a class="skip" href="#main">Skip to the state</a>
<header>${wordmark()}${facts(sources)}<div class="live"><span id="live" role="status">not live</span><button type="button" class="quiet" id="pause" aria-pressed="false" hidden>Pause</button>${csrf !== undefined && html`<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button class="quiet">Sign out</button></form>`}</div></header>
<main id="main" tabindex="-1">
<div class="verdict" data-part="verdict" role="status">${parts.verdict}</div>
<div data-part="checks">${parts.checks}</div>
<section class="traffic" id="traffic" aria-label="Traffic"><div data-part="traffic">${parts.traffic}</div></section>
${section('refusals', 'Refusals')}
<div class="columns"><div>${section('secrets', 'Secrets')}</div>
<div>${section('connections', 'Connections')}${section('pool', 'Database')}${section('filters', 'Chain')}</div></div>
${section('sessions', 'Sessions', revocationForm(mayAct))}
${section('audit', 'Audit', auditForm(search))}
</main>
<dialog id="confirm" aria-labelledby="confirm-title"><form method="dialog"><h2 id="confirm-title"></h2><p id="confirm-text"></p><p class="buttons"><button value="no" autofocus>Cancel</button><button value="yes" class="danger" id="confirm-yes">End</button></p></form></dialog>
<p id="said" role="status" class="said"></p>
${new Html(`<script>${SCRIPT}</script>`)}`;
  return document(`railguard · ${sources.environment}`, body, csrf);
}

function facts({ version, environment, replica }: Sources): Html {
  const all = [environment, replica, `v${version}`, `up ${span(process.uptime())}`];
  return html`<p class="facts">${all.map((one) => one !== undefined && html`<span>${one}</span>`)}</p>`;
}

const wordmark = (): Html =>
  html`<p class="wordmark"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1 14 3.5V8c0 3.5-2.5 6-6 7-3.5-1-6-3.5-6-7V3.5Z"/></svg>railguard</p>`;

/** The door; `error` says why it stayed shut. */
export function loginPage(
  status: number,
  error?: string,
  headers: Readonly<Record<string, string>> = {},
): AdminReply {
  const body = html`<main class="door"><form method="post" action="/login">${wordmark()}<input type="text" name="username" value="railguard" autocomplete="username" hidden><label for="token">Admin token</label><input id="token" type="password" name="token" required autofocus autocomplete="current-password"${error !== undefined && html` aria-invalid="true" aria-describedby="error"`}>${error !== undefined && html`<p class="error" id="error" role="alert">${error}</p>`}<button>Sign in</button></form></main>`;
  const reply = document('railguard · sign in', body, undefined);
  return { ...reply, status, headers: { ...reply.headers, ...headers } };
}

function document(title: string, body: Html, csrf: string | undefined): AdminReply {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">${csrf !== undefined && html`<meta name="csrf" content="${csrf}">`}<link rel="icon" href="${ICON}">${new Html(`<style>${STYLE}</style>`)}</head><body>
${body}
</body></html>
`;
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: page.text,
    headers: {
      'Content-Security-Policy': POLICY,
      'X-Frame-Options': 'DENY',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    },
  };
}
