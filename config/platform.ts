/** Where railguard runs, as far as defaults depend on it. */
import type { Env } from './var.ts';

/** Blank counts as not set: an unresolved reference to another service's variable comes out empty. */
export const isSet = (env: Env, name: string): boolean => (env[name] ?? '').trim() !== '';

export const onRailway = (env: Env): boolean => isSet(env, 'RAILWAY_ENVIRONMENT_ID');

/** `prod` means production: a short name must not switch protections off. */
export function environmentName(text: string): string {
  const name = text.trim().toLowerCase();
  return name === 'prod' ? 'production' : name;
}

export const inProduction = (env: Env): boolean => environmentName(env.ENVIRONMENT ?? '') === 'production';
