/** What is judged: the environment as far as it can be read, and the deployment's files beside it. */
import { type Config, load } from '../../config/load.ts';
import { type ManagedSecret, managedSecrets } from '../../config/managed-secrets.ts';
import { inProduction, onRailway } from '../../config/platform.ts';
import { sections, variables } from '../../config/sections.ts';
import type { Env } from '../../config/var.ts';
import { type Inspection, inspect, reusedNames } from '../secrets/inspection.ts';
import { type Rotation, rotationOf } from '../secrets/rotation.ts';
import type { Category } from './check.ts';
import { type Deployment, readDeployment } from './deployment.ts';

export interface JudgedSecret {
  readonly secret: ManagedSecret;
  readonly inspection: Inspection;
  readonly rotation: Rotation;
}

/** A text of the configuration's own checks, under the variable it begins with. */
export interface Complaint {
  /** Undefined when it is about no variable of ours. */
  readonly variable: string | undefined;
  readonly category: Category;
  readonly text: string;
}

export interface Subject {
  readonly env: Env;
  /** Read without the variables that are bad. */
  readonly config: Config;
  /** Names of the variables that are bad. */
  readonly failed: ReadonlySet<string>;
  readonly errors: readonly Complaint[];
  readonly warnings: readonly Complaint[];
  readonly production: boolean;
  readonly railway: boolean;
  readonly deployment: Deployment;
  readonly secrets: readonly JudgedSecret[];
  /** Processes that each have a pool and a memory of their own. */
  readonly processes: number;
}

/** A section that is not named here is of `production`. */
const CATEGORY_OF_SECTION: Readonly<Partial<Record<string, Category>>> = {
  listeners: 'railway',
  upstream: 'railway',
  deployment: 'railway',
  limits: 'production',
  client: 'security',
  hosts: 'security',
  cors: 'security',
  headers: 'security',
  tokens: 'security',
  sessions: 'security',
  rateLimit: 'production',
  database: 'database',
  redis: 'database',
  logs: 'production',
  openapi: 'security',
  secrets: 'secrets',
  rotationDates: 'secrets',
  rollout: 'production',
};

/** Where a variable belongs elsewhere than the rest of its section. */
const CATEGORY_OF_VARIABLE: Readonly<Record<string, Category>> = {
  ADMIN_TOKEN: 'security',
  ADMIN_HOST: 'security',
  TLS_CERT: 'security',
  TLS_KEY: 'security',
  JWT_SECRET_KEY: 'secrets',
  SENTRY_DSN: 'monitoring',
  SENTRY_ENVIRONMENT: 'monitoring',
};

const categories = new Map<string, Category>(
  Object.entries(sections).flatMap(([section, { variables: declared }]) =>
    Object.values(declared).map(({ name }): [string, Category] => [
      name,
      CATEGORY_OF_VARIABLE[name] ?? CATEGORY_OF_SECTION[section] ?? 'production',
    ]),
  ),
);
const known = new Set(variables.map(({ name }) => name));

/** Reads all that is judged; `cwd` is where the deployment's files and `.env` lie. Throws nothing an operator can cause. */
export function readSubject(env: Env, cwd: string): Subject {
  const { config, failed, errors, warnings } = readConfig(env, cwd);
  const production = inProduction(env);
  const managed = managedSecrets(config);
  const reused = reusedNames(managed);
  const now = Date.now();
  const secrets = managed.map((secret) => ({
    secret,
    inspection: inspect(secret, { production, reused: reused.has(secret.name) }),
    rotation: rotationOf(secret, undefined, undefined, now),
  }));
  const deployment = readDeployment(cwd);
  return {
    env,
    config,
    failed,
    errors,
    warnings,
    production,
    railway: onRailway(env),
    deployment,
    secrets,
    // The workers of one replica share its pool and what it keeps in memory.
    processes: Math.max(config.deployment.replicas, deployment.replicas ?? 1),
  };
}

type Reading = Pick<Subject, 'config' | 'failed' | 'errors' | 'warnings'>;

/** One bad variable must not keep the others from being judged: it is taken out, and the rest is read again. */
function readConfig(env: Env, cwd: string): Reading {
  const blanked: Record<string, ''> = {};
  const errors = new Map<string, Complaint>();
  const failed = new Set<string>();
  for (let place = cwd; ; ) {
    const loaded = load({ ...env, ...blanked }, { cwd: place, tty: false });
    const warnings = loaded.warnings.map(complaint);
    if ('config' in loaded) return { config: loaded.config, failed, errors: [...errors.values()], warnings };
    for (const text of loaded.errors) {
      if (errors.size === 0 || !errors.has(text)) errors.set(text, complaint(text));
      for (const name of namesIn(text)) failed.add(name);
    }
    if (takeOut(blanked, loaded.errors)) continue;
    if (place === NOWHERE) throw new Error(loaded.errors.join('\n'));
    // What is left is about the `.env` file.
    place = NOWHERE;
  }
}

const NOWHERE = '/nonexistent';
const namesIn = (text: string): string[] =>
  (text.match(/[A-Z][A-Z0-9_]+/g) ?? []).filter((name) => known.has(name));

function complaint(text: string): Complaint {
  const name = /^([A-Z][A-Z0-9_]*): /.exec(text)?.[1];
  return { variable: name, category: categories.get(name ?? '') ?? 'production', text };
}

/** Blanks the variable that each error begins with; where that did not help, every one it names. False if nothing is left. */
function takeOut(blanked: Record<string, ''>, errors: readonly string[]): boolean {
  let changed = false;
  for (const text of errors) {
    const [first, ...others] = namesIn(text);
    if (first === undefined) continue;
    for (const name of first in blanked ? others : [first]) {
      changed ||= !(name in blanked);
      blanked[name] = '';
    }
  }
  return changed;
}
