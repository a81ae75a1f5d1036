/** Shows the configuration in force, as the composition root describes it: secrets are masked before they get here. */
import { json } from './reply.ts';
import type { Route } from './route.ts';

export function configRoute(effective: unknown): Route {
  const reply = json(200, effective);
  return { method: 'GET', path: '/config', open: false, handle: () => reply };
}
