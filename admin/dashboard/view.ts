/** Reads the sources and renders every part of the page: once for all who look. */
import { AUDIT_TYPES, type AuditEvent } from '../../core/audit.ts';
import { StoreUnavailable } from '../../core/sessions.ts';
import type { Comprehensive } from '../health/comprehensive.ts';
import { type Html, html } from './html.ts';
import { type AuditSearch, audit } from './parts/audit.ts';
import { connections, pool } from './parts/connections.ts';
import { filters } from './parts/filters.ts';
import { refusals } from './parts/refusals.ts';
import { secrets } from './parts/secrets.ts';
import { type SessionList, sessions } from './parts/sessions.ts';
import { checks, verdict } from './parts/state.ts';
import { nothing } from './parts/table.ts';
import { traffic } from './parts/traffic.ts';
import type { Sources } from './sources.ts';

export const PARTS = [
  'verdict',
  'checks',
  'traffic',
  'refusals',
  'connections',
  'pool',
  'filters',
  'secrets',
  'sessions',
  'audit',
] as const;
export type Part = (typeof PARTS)[number];

/** What costs a query of a store, and changes at a person's pace. */
export const SLOW: ReadonlySet<Part> = new Set(['secrets', 'sessions', 'audit']);

const SESSIONS = 50;
const EVENTS = 25;
/** Milliseconds a part may take before the page shows without it. */
const PATIENCE = 2500;

export const NO_SEARCH: AuditSearch = { type: '', subject: '', within: '' };

export interface Looking {
  /** May sessions be ended from here? */
  readonly mayAct: boolean;
  readonly search?: AuditSearch;
}

export class View {
  readonly sources: Sources;

  constructor(sources: Sources) {
    this.sources = sources;
  }

  /** Never rejects: a part that can't be read says so. */
  async part(name: Part, looking: Looking): Promise<Html> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Html>((resolve) => {
      timer = setTimeout(resolve, PATIENCE, nothing('No answer in time.'));
    });
    try {
      return await Promise.race([this.render(name, looking), late]);
    } catch {
      return nothing('This can not be read at the moment.');
    } finally {
      clearTimeout(timer);
    }
  }

  private async render(name: Part, looking: Looking): Promise<Html> {
    const { sources } = this;
    switch (name) {
      case 'verdict':
        return verdict(await this.health());
      case 'checks':
        return checks(await this.health());
      case 'traffic':
        return traffic(sources);
      case 'refusals':
        return refusals(sources);
      case 'connections':
        return connections(sources);
      case 'pool':
        return pool(await sources.pool?.());
      case 'filters':
        return filters(sources.components());
      case 'secrets':
        return secrets(await sources.secrets?.report());
      case 'sessions':
        return sessions(await this.sessions(), sources.clock.now(), looking.mayAct);
      case 'audit':
        return audit(await this.events(looking.search ?? NO_SEARCH));
      default:
        return html``;
    }
  }

  private health(): Promise<Comprehensive> {
    return this.sources.health.read();
  }

  private async sessions(): Promise<SessionList> {
    const directory = this.sources.sessions;
    if (directory === undefined) return 'off';
    try {
      return await directory.list({ limit: SESSIONS });
    } catch (error) {
      if (error instanceof StoreUnavailable) return 'unavailable';
      throw error;
    }
  }

  private async events({ type, subject, within }: AuditSearch): Promise<readonly AuditEvent[] | undefined> {
    const minutes = Number(within);
    return this.sources.audit?.query({
      limit: EVENTS,
      type: AUDIT_TYPES.find((known) => known === type),
      subject: subject === '' ? undefined : subject,
      since: minutes > 0 ? this.sources.clock.now() - minutes * 60_000 : undefined,
    });
  }
}

export const searchOf = (query: URLSearchParams): AuditSearch => ({
  type: query.get('type') ?? '',
  subject: query.get('subject') ?? '',
  within: query.get('within') ?? '',
});
