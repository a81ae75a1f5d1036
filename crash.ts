/** What is said of a fault before there is a log, or where there will be none: redacted, and on stderr. */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { variables } from './config/sections.ts';
import { Redactor } from './core/redact.ts';

/** Internal fault (sysexits EX_SOFTWARE). */
const EX_SOFTWARE = 70;
/** A variable of the app that is a secret by its name. */
const SENSITIVE = /secret|token|passw|api_?key|private_?key|credential|_dsn$|_url$/i;

/** Ends the process on whatever is thrown, until a command has its own way. */
export function guardStart(env: NodeJS.ProcessEnv): void {
  // Node's own report of a fatal error would hold every variable.
  process.report.excludeEnv = true;
  process.on('uncaughtException', (error) => process.exit(fatal(env, error)));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => say(env, '', warning));
}

/** Says what can't be mended; gives the exit code. */
export function fatal(env: NodeJS.ProcessEnv, error: unknown): number {
  say(env, 'fatal: ', error);
  return EX_SOFTWARE;
}

function say(env: NodeJS.ProcessEnv, what: string, error: unknown): void {
  try {
    writeSync(2, described(env, what, error));
  } catch {
    // Nobody reads stderr.
  }
}

/** The fault with its stack, less every secret that `env` may hold. */
export function described(env: NodeJS.ProcessEnv, what: string, error: unknown): string {
  try {
    const redactor = new Redactor({ secrets: secretsOf(env) });
    return `railguard: ${what}${redactor.text(stackOf(error), 'crash')}\n`;
  } catch {
    return `railguard: ${what}[withheld: it could not be redacted]\n`;
  }
}

/** Stacks of the error and its causes; what else an error carries may be anything. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error, { depth: 1 });
  const stacks: string[] = [];
  for (let one: unknown = error; one instanceof Error && stacks.length < 5; one = one.cause)
    stacks.push(one.stack ?? String(one));
  return stacks.join('\nCaused by: ');
}

function secretsOf(env: NodeJS.ProcessEnv): { name: string; value: string }[] {
  const ours = new Set(variables.filter(({ secret }) => secret).map(({ name }) => name));
  return Object.entries(env).flatMap(([name, value = '']) =>
    ours.has(name) || SENSITIVE.test(name) ? [{ name, value: value.trim() }] : [],
  );
}
