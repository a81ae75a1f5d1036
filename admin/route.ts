/** The admin port's small route table: method and path to handler, each open or guarded. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminReply } from './reply.ts';

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The `{name}` segments of the route's path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly correlationId: string;
  /** Address of the TCP peer. */
  readonly peer: string;
  /** The whole body, at most 64 KB; rejects with an AdminProblem when it is larger or cut short. */
  body(): Promise<Buffer>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  /** A GET route answers HEAD too. */
  readonly method: Method;
  /** `/sessions/{id}`: a segment in braces takes any one segment that is not empty. */
  readonly path: string;
  /** Answered without a credential. */
  readonly open: boolean;
  handle(request: AdminRequest, response: ServerResponse): AdminReply | Promise<AdminReply>;
}

export interface Match {
  readonly route: Route | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** Methods that the path has, for `Allow`; empty when the path is unknown. */
  readonly allowed: readonly string[];
}

interface Pattern {
  readonly segments: readonly string[];
  readonly routes: Map<string, Route>;
}

const NO_PARAMS = Object.freeze({});

export class RouteTable {
  private readonly exact = new Map<string, Pattern>();
  private readonly patterns: Pattern[] = [];

  /** Throws when the method and path are taken. */
  add(route: Route): void {
    const known = this.exact.get(route.path);
    const pattern = known ?? { segments: route.path.split('/'), routes: new Map<string, Route>() };
    if (pattern.routes.has(route.method)) throw new Error(`route ${route.method} ${route.path} is taken`);
    pattern.routes.set(route.method, route);
    if (known !== undefined) return;
    this.exact.set(route.path, pattern);
    if (route.path.includes('{')) this.patterns.push(pattern);
  }

  match(method: string, path: string): Match {
    const plain = path.includes('{') ? undefined : this.exact.get(path);
    if (plain !== undefined) return found(plain, method, NO_PARAMS);
    const segments = path.split('/');
    for (const pattern of this.patterns) {
      const params = bind(pattern.segments, segments);
      if (params !== undefined) return found(pattern, method, params);
    }
    return { route: undefined, params: NO_PARAMS, allowed: [] };
  }
}

function found(pattern: Pattern, method: string, params: Readonly<Record<string, string>>): Match {
  const route = pattern.routes.get(method === 'HEAD' ? 'GET' : method);
  const allowed = [...pattern.routes.keys()].flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  return { route, params, allowed };
}

function bind(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i] as string;
    const given = segments[i] as string;
    if (!wanted.startsWith('{')) {
      if (wanted !== given) return undefined;
      continue;
    }
    const value = decoded(given);
    if (value === undefined) return undefined;
    params[wanted.slice(1, -1)] = value;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  if (segment === '') return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
