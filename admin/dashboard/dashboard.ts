/** The endpoints of the dashboard: the page, its live line, one part of it, and its door. */
import type { Lifecycle } from '../../core/lifecycle.ts';
import type { AdminAccess } from '../access.ts';
import type { AdminAuth } from '../auth.ts';
import { AdminProblem, type AdminReply } from '../reply.ts';
import type { AdminRequest, Route } from '../route.ts';
import type { Html } from './html.ts';
import { Live } from './live.ts';
import { dashboardPage, loginPage } from './page.ts';
import type { Sources } from './sources.ts';
import { PARTS, type Part, searchOf, View } from './view.ts';

export interface DashboardOptions {
  readonly sources: Sources;
  readonly lifecycle: Lifecycle;
  readonly auth: AdminAuth;
  readonly access: AdminAccess | undefined;
  /** Milliseconds from one look at the sources to the next, while a page is open. */
  readonly every?: number;
}

export interface DashboardPort {
  readonly routes: readonly Route[];
  /** Ends the live lines, which would hold up the end. */
  close(): void;
}

export function createDashboard(options: DashboardOptions): DashboardPort {
  const dashboard = new Dashboard(options);
  const routes: Route[] = [
    { method: 'GET', path: '/', open: true, handle: (request) => dashboard.page(request) },
    { method: 'GET', path: '/live', open: false, handle: (request) => dashboard.live(request) },
    { method: 'GET', path: '/parts/{name}', open: false, handle: (request) => dashboard.part(request) },
    { method: 'POST', path: '/login', open: true, handle: (request) => dashboard.login(request) },
    { method: 'POST', path: '/logout', open: true, handle: (request) => dashboard.logout(request) },
  ];
  return { routes, close: () => dashboard.close() };
}

class Dashboard {
  private readonly options: DashboardOptions;
  private readonly view: View;
  private readonly open: Live;

  constructor(options: DashboardOptions) {
    this.options = options;
    this.view = new View(options.sources);
    this.open = new Live(this.view, options.lifecycle, options.every);
  }

  /** Whoever may not see it is shown the door. */
  async page(request: AdminRequest): Promise<AdminReply> {
    const { auth, access, sources } = this.options;
    try {
      auth.check(request);
    } catch (refused) {
      const stranger = refused instanceof AdminProblem && refused.status === 401;
      if (stranger && request.headers.authorization === undefined) return loginPage(401);
      access?.refused(request, refused);
      throw refused;
    }
    access?.admitted(request);
    const csrf = auth.logins?.of(request)?.csrf;
    const looking = { mayAct: csrf !== undefined, search: searchOf(request.query) };
    const rendered = await Promise.all(
      PARTS.map(async (name) => [name, await this.view.part(name, looking)] as const),
    );
    const parts = Object.fromEntries(rendered) as Record<Part, Html>;
    return dashboardPage({ sources, looking, parts, csrf });
  }

  live(request: AdminRequest): AdminReply {
    if (this.open.full)
      throw new AdminProblem(503, 'overloaded', 'Too many dashboards are open.', { 'Retry-After': '30' });
    const login = this.options.auth.logins?.of(request);
    const until = login?.expiresAt ?? Number.POSITIVE_INFINITY;
    return {
      status: 200,
      type: 'text/event-stream; charset=utf-8',
      headers: { 'X-Accel-Buffering': 'no' },
      body: (response) => {
        if (request.method === 'HEAD') response.end();
        else this.open.join(response, login !== undefined, until);
      },
    };
  }

  close(): void {
    this.open.close();
  }

  async part({ params, query, headers }: AdminRequest): Promise<AdminReply> {
    const name = PARTS.find((known) => known === params.name);
    if (name === undefined) throw new AdminProblem(404, 'not_found', 'There is nothing here.');
    const mayAct = this.options.auth.logins?.of({ headers }) !== undefined;
    const part = await this.view.part(name, { mayAct, search: searchOf(query) });
    return { status: 200, type: 'text/html; charset=utf-8', body: part.text };
  }

  async login(request: AdminRequest): Promise<AdminReply> {
    const { auth, access } = this.options;
    if (auth.logins === undefined) throw new AdminProblem(403, 'forbidden', 'No admin token is configured.');
    if ((request.headers['sec-fetch-site'] ?? 'same-origin') !== 'same-origin')
      throw new AdminProblem(403, 'forbidden', 'Sign in from the page itself.');
    const token = form(await request.body()).get('token') ?? '';
    try {
      if (!auth.accepts(request, token)) {
        access?.door(request, 'login', 'failure', 'token_invalid');
        return loginPage(401, 'This is not the token.');
      }
    } catch (refused) {
      if (!(refused instanceof AdminProblem)) throw refused;
      return loginPage(refused.status, refused.message, refused.headers);
    }
    access?.door(request, 'login', 'success');
    const secure = request.headers['x-forwarded-proto'] === 'https';
    return home({ 'Set-Cookie': auth.logins.begin(secure) });
  }

  async logout(request: AdminRequest): Promise<AdminReply> {
    const { auth, access } = this.options;
    const { logins } = auth;
    const given = form(await request.body()).get('csrf') ?? '';
    if (logins === undefined || !logins.proven(request, given)) return home({});
    access?.door(request, 'logout', 'success');
    return home({ 'Set-Cookie': logins.end(request) });
  }
}

const form = (body: Buffer): URLSearchParams => new URLSearchParams(body.toString('utf8'));

const home = (headers: Readonly<Record<string, string>>): AdminReply => ({
  status: 303,
  type: 'text/plain; charset=utf-8',
  body: '',
  headers: { Location: '/', ...headers },
});
