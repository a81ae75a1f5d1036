/** What the app gets to see of the environment: everything but what is railguard's own. */
import { sections } from '../config/sections.ts';
import type { Section } from '../config/var.ts';

/** Sections that only railguard reads; an app may have settings of its own under every other section's names. */
const OURS = ['listeners', 'upstream', 'limits', 'client', 'rollout'] as const;
const OURS_TOO = [
  'SECRETS_PEPPER',
  'SECRETS_STATE',
  'SECRETS_EXTRA',
  'POOLER',
  'POOLER_HOST',
  'POOLER_PORT',
  'POOLER_MODE',
];

/** `port` becomes the app's PORT; `databaseUrl`, when given, its DATABASE_URL. */
export function appEnvironment(
  env: NodeJS.ProcessEnv,
  port: number,
  databaseUrl?: string,
): NodeJS.ProcessEnv {
  const theirs: NodeJS.ProcessEnv = { ...env };
  for (const key of OURS) {
    const section: Section = sections[key].variables;
    for (const { name } of Object.values(section)) delete theirs[name];
  }
  for (const name of OURS_TOO) delete theirs[name];
  theirs.PORT = String(port);
  if (databaseUrl !== undefined) theirs.DATABASE_URL = databaseUrl;
  return theirs;
}

/** The environment railguard itself runs with when the app is its child: the app is on loopback. */
export function sidecarEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, UPSTREAM_URL: `http://127.0.0.1:${env.APP_PORT?.trim() || '8000'}` };
}
