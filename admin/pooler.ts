/** The pooler's part of `GET /pool`: what its console says, and how the child that runs it fares. */
import type { Pooler } from '../core/postgres/pooler.ts';

/** Null when there is no pooler: none is wanted, or what `DATABASE_URL` points at is none. */
export async function poolerView(pooler: Pooler | undefined): Promise<unknown> {
  if (pooler === undefined) return null;
  const { managed, console } = pooler;
  const reading = await console.read();
  if (managed === undefined && console.state === 'absent') return null;
  return {
    kind: managed === undefined ? 'detected' : 'managed',
    state: console.state,
    ...(managed !== undefined && { running: managed.running, restarts: managed.restarts }),
    version: reading?.version ?? null,
    pools: reading?.pools ?? [],
    stats: reading?.stats ?? [],
    config: reading?.config ?? {},
  };
}
