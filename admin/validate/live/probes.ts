/** Every check that touches the network, in the order they run. */
import type { Probe } from '../check.ts';
import { database } from './database.ts';
import { services } from './services.ts';
import { upstream } from './upstream.ts';

export const probes: readonly Probe[] = [...upstream, ...database, ...services];
