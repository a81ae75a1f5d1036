/** The one reader of the environment: variables and `.env` in, a frozen Config out, or every error at once. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { checks } from './checks.ts';
import { nearMiss } from './near-miss.ts';
import { inProduction, isSet } from './platform.ts';
import { type Config, sections, variables } from './sections.ts';
import { type Context, type Env, quote, type Section, type Variable } from './var.ts';

export type { Config } from './sections.ts';

export interface Surroundings {
  /** Where `.env` and relative paths are looked for; the working directory if not given. */
  readonly cwd?: string;
  /** Is stdout a terminal? */
  readonly tty?: boolean;
}

export type Loaded =
  | { readonly config: Config; readonly warnings: string[] }
  /** Each opens with the variable's name and says what to write instead. */
  | { readonly errors: string[]; readonly warnings: string[] };

/** Reads everything that is configured. Throws nothing an operator can cause. */
export function load(env: Env, { cwd = process.cwd(), tty = false }: Surroundings = {}): Loaded {
  const errors: string[] = [];
  const dotEnv = inProduction(env) ? {} : readDotEnv(resolve(cwd, '.env'), errors);
  const context: Context = {
    env: { ...dotEnv, ...env },
    tty,
    readFile: (path) => readFileSync(resolve(cwd, path), 'utf8'),
  };
  const failed = new Set<string>();
  const config = {} as Record<string, Record<string, unknown>>;
  for (const [key, section] of Object.entries(sections)) {
    config[key] = readSection(section.variables, context, errors, failed);
  }
  const warnings = nearMisses(context.env);
  for (const { reads, level, find } of checks) {
    const found = reads.some((name) => failed.has(name)) ? undefined : find(config as Config, context);
    if (found !== undefined) (level === 'error' ? errors : warnings).push(`${reads[0]}: ${found}`);
  }
  if (errors.length > 0) return { errors, warnings };
  return { config: deepFreeze(config) as Config, warnings };
}

/** Outside production a file may hold what the environment does not; a real variable wins. */
function readDotEnv(path: string, errors: string[]): Env {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT')
      errors.push(`.env: ${quote(path)} can not be read (${code}); mend it or remove it`);
    return {};
  }
}

function readSection(
  section: Section,
  context: Context,
  errors: string[],
  failed: Set<string>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(section)) {
    const text = textOf(declared, context);
    if (text === undefined) {
      values[key] = undefined;
      continue;
    }
    const parsed = declared.parse(text, context);
    if ('error' in parsed) {
      errors.push(`${declared.name}: ${parsed.error}`);
      failed.add(declared.name);
    } else {
      values[key] = parsed.value;
    }
  }
  return values;
}

/** What is set, or the default. */
function textOf(declared: Variable<unknown>, context: Context): string | undefined {
  if (isSet(context.env, declared.name)) return context.env[declared.name];
  return typeof declared.default === 'object' ? declared.default.from(context) : declared.default;
}

function nearMisses(env: Env): string[] {
  const known = variables.map((declared) => declared.name);
  const ours = new Set(known);
  return Object.keys(env).flatMap((name) => {
    const meant = ours.has(name) ? undefined : nearMiss(name, known);
    return meant === undefined
      ? []
      : [`${quote(name)} is not a variable of railguard; did you mean ${meant}?`];
  });
}

/** Freezes plain objects and arrays all the way down; instances of classes guard themselves. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
