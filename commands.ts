/** The command line: every command in one table, and the reading of arguments against it. */
import { load } from './config/load.ts';
import { nearest } from './config/near-miss.ts';
import type { Core } from './core/core.ts';
import type { Hidden } from './core/postgres.ts';
import { Redactor } from './core/redact.ts';

export interface Flag {
  readonly name: `--${string}`;
  readonly summary: string;
}

export interface Invocation {
  readonly flags: ReadonlySet<string>;
  /** What follows `--`. */
  readonly rest: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly flags?: readonly Flag[];
  /** Only one of its flags at a time. */
  readonly exclusive?: boolean;
  /** What it takes after `--`, for the usage line; nothing may follow if not given. */
  readonly rest?: string;
  /** Resolves to the exit code. Imports what it needs when it runs. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** Usage or configuration is wrong (sysexits EX_USAGE). */
export const EX_USAGE = 64;

export const commands: readonly Command[] = [
  { name: 'serve', summary: 'The proxy (also without a command).', run: serve },
  {
    name: 'demo',
    summary: 'The proxy in front of a sample app of its own.',
    run: async ({ env }) => (await import('./demo/demo.ts')).demo(env),
  },
  {
    name: 'exec',
    summary: 'Starts an app as a child, and is the proxy in front of it.',
    rest: 'CMD [ARG…]',
    run: exec,
  },
  {
    name: 'validate',
    summary: 'Is this deployment ready? Judges its settings and files.',
    flags: [
      { name: '--json', summary: 'As a document (docs/validate.schema.json).' },
      { name: '--live', summary: 'Reaches the app, the database, Redis and Sentry too.' },
    ],
    run: validate,
  },
  {
    name: 'redact',
    summary: 'Copies stdin to stdout without its secrets, line by line.',
    run: async ({ env }) => (await import('./exec/redact.ts')).redact(env),
  },
  {
    name: 'env',
    summary: 'Every variable with its kind, default and meaning.',
    flags: [
      { name: '--markdown', summary: 'As the page docs/configuration.md.' },
      { name: '--example', summary: 'As a .env.example file.' },
      { name: '--effective', summary: 'What is in force here, secrets masked.' },
    ],
    exclusive: true,
    run: env,
  },
];

/** For railguard itself alone, when it is to be several processes. */
const worker: Command = {
  name: 'worker',
  summary: 'One of several processes behind the public port.',
  run: async () => (await import('./workers/worker.ts')).runWorker(),
};

async function serve({ env }: Invocation): Promise<number> {
  const loaded = load(env, { tty: process.stdout.isTTY });
  if ('errors' in loaded) return refuse(loaded.errors, loaded.warnings);
  const { serve } = await import('./serve.ts');
  return serve(loaded.config, { env, warnings: loaded.warnings });
}

async function exec({ env, rest }: Invocation): Promise<number> {
  const { appEnvironment, sidecarEnvironment } = await import('./exec/environment.ts');
  const loaded = load(sidecarEnvironment(env), { tty: process.stdout.isTTY });
  if ('errors' in loaded) return refuse(loaded.errors, loaded.warnings);
  const [{ serve }, { Child }] = await Promise.all([import('./serve.ts'), import('./exec/child.ts')]);
  const { config, warnings } = loaded;
  const companion = (core: Core, pooled: Hidden | undefined) =>
    new Child(rest, appEnvironment(env, config.upstream.appPort, pooled?.reveal()), core);
  return serve(config, { env: sidecarEnvironment(env), warnings, companion });
}

async function validate({ flags, env }: Invocation): Promise<number> {
  const { validate } = await import('./admin/validate/validate.ts');
  const [json, live] = [flags.has('--json'), flags.has('--live')];
  const { stdout, stderr } = process;
  return validate({ env, json, live, cwd: process.cwd(), stdout, stderr });
}

async function env({ flags, env }: Invocation): Promise<number> {
  const docs = await import('./config/docs.ts');
  if (flags.has('--markdown')) return print(docs.markdown());
  if (flags.has('--example')) return print(docs.example());
  if (!flags.has('--effective')) return print(docs.text());
  const loaded = load(env, { tty: process.stdout.isTTY });
  if ('errors' in loaded) return refuse(loaded.errors, loaded.warnings);
  warn(loaded.warnings);
  return print(docs.effectiveText(loaded.config));
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) complain(`warning: ${warning}`);
}

/** An error quotes what it is about, and that may be a secret in the wrong place. */
function complain(text: string): void {
  process.stderr.write(`railguard: ${new Redactor().text(text, 'stderr')}\n`);
}

function refuse(errors: readonly string[], warnings: readonly string[]): number {
  warn(warnings);
  for (const error of errors) complain(error);
  return EX_USAGE;
}

/** Resolves when stdout has taken the text, or its reader has gone. */
function print(text: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  process.stdout.once('error', () => resolve(0));
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve(0));
  return promise;
}

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
};

const COMMON: readonly Flag[] = [
  { name: '--help', summary: 'This text.' },
  { name: '--version', summary: 'The version.' },
];

const usage = ({ name, flags, rest }: Command): string =>
  `railguard ${name}${(flags ?? []).map((flag) => ` [${flag.name}]`).join('')}${rest ? ` -- ${rest}` : ''}`;

function help(command: Command | undefined): string {
  if (command !== undefined) {
    const flags = [...(command.flags ?? []), COMMON[0]!];
    return `${command.summary}\n\nUsage: ${usage(command)}\n\n${columns(flags.map((f) => [f.name, f.summary]))}`;
  }
  return `A hardening reverse proxy in front of an app nobody changes.

Usage: railguard [COMMAND] [FLAG…]

Commands:
${columns(commands.map((one) => [one.name, one.summary]))}
Flags:
${columns(COMMON.map((one) => [one.name, one.summary]))}
\`railguard env\` lists the variables that configure it; \`railguard COMMAND --help\` says more of one.
`;
}

/** Runs what the arguments (without node and script) ask for; resolves to the exit code. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const cut = args.indexOf('--');
  const words = cut === -1 ? args : args.slice(0, cut);
  const rest = cut === -1 ? [] : args.slice(cut + 1);
  const named = words[0] !== undefined && !words[0].startsWith('-');
  const name = named ? words[0]! : 'serve';
  const command = [...commands, worker].find((one) => one.name === name);
  if (named && name === 'help') return print(help(undefined));
  if (command === undefined)
    return misuse(
      'command',
      name,
      commands.map((one) => one.name),
    );
  const given = named ? words.slice(1) : words;
  if (given.includes('--help') || given.includes('-h')) return print(help(named ? command : undefined));
  if (given.includes('--version')) return print((await import('./config/version.ts')).version);
  const allowed = (command.flags ?? []).map((flag) => flag.name);
  const strange = given.find((word) => !(allowed as readonly string[]).includes(word));
  if (strange !== undefined)
    return misuse(strange.startsWith('-') ? 'flag' : 'argument', strange, [
      ...allowed,
      '--help',
      '--version',
    ]);
  const problem = misfit(command, given, cut !== -1, rest);
  if (problem !== undefined) return refuse([`${problem}; usage: ${usage(command)}`], []);
  return command.run({ flags: new Set(given), rest, env });
}

function misfit(
  command: Command,
  given: readonly string[],
  cut: boolean,
  rest: readonly string[],
): string | undefined {
  if (command.exclusive && new Set(given).size > 1) return `${given.join(' and ')} exclude each other`;
  if (command.rest === undefined && cut) return `${command.name} takes nothing after \`--\``;
  if (command.rest !== undefined && rest.length === 0) return `${command.name} needs a command after \`--\``;
  return undefined;
}

function misuse(what: 'command' | 'flag' | 'argument', given: string, known: readonly string[]): number {
  const shown = given.length > 60 ? `${given.slice(0, 60)}…` : given;
  const printable = shown.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return refuse([`unknown ${what} \`${printable}\`; the nearest is \`${nearest(given, known)}\``], []);
}
