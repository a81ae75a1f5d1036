/** Every scenario, in the order of the report. */
import type { Scenario } from '../scenario.ts';
import coldStart from './cold-start.ts';
import connect from './connect.ts';
import diverseHeaders from './diverse-headers.ts';
import get1k from './get-1k.ts';
import get1m from './get-1m.ts';
import get64k from './get-64k.ts';
import h2c from './h2c.ts';
import * as idle from './idle.ts';
import latency from './latency.ts';
import memory from './memory.ts';
import post10k from './post-10k.ts';
import soak from './soak.ts';
import sse from './sse.ts';
import tokenUncached from './token-uncached.ts';
import userUnseen from './user-unseen.ts';
import * as websocket from './websocket.ts';

export const scenarios: readonly Scenario[] = [
  get1k,
  tokenUncached,
  userUnseen,
  diverseHeaders,
  get64k,
  get1m,
  post10k,
  connect,
  sse,
  websocket.small,
  websocket.large,
  h2c,
  latency,
  idle.thousand,
  idle.tenThousand,
  memory,
  coldStart,
  soak,
];

/** Those with one of these names, or whose names begin with one and a hyphen; `all` names all but the longest. Throws a TypeError for a stranger. */
export function chosen(names: readonly string[]): Scenario[] {
  const fits = (id: string, name: string) => name === 'all' || id === name || id.startsWith(`${name}-`);
  for (const name of names) {
    if (scenarios.some(({ id }) => fits(id, name))) continue;
    throw new TypeError(`--scenario ${name}: choose from all, ${scenarios.map(({ id }) => id).join(', ')}`);
  }
  return scenarios.filter(({ id, alone }) =>
    names.some((name) => fits(id, name) && !(name === 'all' && alone === true)),
  );
}
