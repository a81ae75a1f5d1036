/** Every kind of case, in order. */
import type { Kind } from '../case.ts';
import { framing } from './k01-framing.ts';
import { upstreamFraming } from './k02-upstream-framing.ts';
import { limits } from './k03-limits.ts';
import { headerBytes } from './k04-bytes.ts';
import { hopByHop } from './k05-hop-by-hop.ts';
import { forwarded } from './k06-forwarded.ts';
import { host } from './k08-host.ts';
import { methods } from './k09-methods.ts';
import { upgrades } from './k10-upgrades.ts';
import { http2 } from './k11-http2.ts';
import { upstreamAnswers } from './k12-upstream.ts';
import { lifeCycle } from './k14-life-cycle.ts';
import { streaming } from './k15-streaming.ts';
import { slow } from './k17-slow.ts';
import { platform } from './k21-platform.ts';

export const KINDS: readonly Kind[] = [
  framing,
  upstreamFraming,
  limits,
  headerBytes,
  hopByHop,
  forwarded,
  host,
  methods,
  upgrades,
  http2,
  upstreamAnswers,
  lifeCycle,
  streaming,
  slow,
  platform,
];
