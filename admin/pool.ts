/** `GET /pool`: railguard's own pool, the database server's view of everybody, and the pooler's. */

import type { Pooler } from '../core/postgres/pooler.ts';
import type { Postgres } from '../core/postgres.ts';
import { poolerView } from './pooler.ts';
import { json } from './reply.ts';
import type { Route } from './route.ts';

export function poolRoute(postgres: Postgres | undefined, pooler: Pooler | undefined): Route {
  return {
    method: 'GET',
    path: '/pool',
    open: false,
    async handle() {
      const [server, view] = await Promise.all([postgres?.statistics.read(), poolerView(pooler)]);
      // Read after the wait: the query for the server's view is not counted as work of its own.
      const railguard = postgres?.pool.figures() ?? null;
      return json(200, { railguard, server: server ?? null, pooler: view });
    },
  };
}
