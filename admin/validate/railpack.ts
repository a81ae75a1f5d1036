/** Judges railpack.json as Railpack reads it: what it would refuse, and what it would ignore without a word. */

export interface RailpackFault {
  readonly kind: 'invalid' | 'unknown' | 'misplaced' | 'type';
  readonly message: string;
}

type Kind = 'string' | 'strings' | 'object' | 'array' | 'steps';

const ROOT: Readonly<Record<string, Kind>> = {
  $schema: 'string',
  provider: 'string',
  buildAptPackages: 'strings',
  packages: 'object',
  caches: 'object',
  secrets: 'strings',
  exclude: 'strings',
  steps: 'steps',
  deploy: 'object',
};
const DEPLOY: Readonly<Record<string, Kind>> = {
  startCommand: 'string',
  aptPackages: 'strings',
  base: 'object',
  inputs: 'array',
  variables: 'object',
  paths: 'strings',
};
const STEP: Readonly<Record<string, Kind>> = {
  inputs: 'array',
  commands: 'array',
  secrets: 'strings',
  assets: 'object',
  variables: 'object',
  caches: 'strings',
  deployOutputs: 'array',
};
const PROVIDERS = [
  ...['php', 'golang', 'java', 'rust', 'ruby', 'elixir', 'python', 'deno', 'dotnet', 'node', 'gleam', 'cpp'],
  ...['staticfile', 'shell'],
];

/** Names that people expect there, and where the thing is set instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  healthcheckpath: 'the service settings, or `healthcheck` in .railway/railway.ts',
  healthchecktimeout: 'the service settings, or `healthcheckTimeout` in .railway/railway.ts',
  restartpolicytype: 'the service settings, or `deploy.restartPolicyType` in .railway/railway.ts',
  restartpolicymaxretries: 'the service settings',
  numreplicas: 'the service settings, or `replicas` in .railway/railway.ts',
  predeploycommand: 'the service settings, or `preDeploy` in .railway/railway.ts',
  drainingseconds: 'RAILWAY_DEPLOYMENT_DRAINING_SECONDS',
  overlapseconds: 'RAILWAY_DEPLOYMENT_OVERLAP_SECONDS',
  buildcommand: '`steps.build.commands`',
  installcommand: '`steps.install.commands`',
  startcommand: '`deploy.startCommand`',
  start: '`deploy.startCommand`',
  aptpackages: '`deploy.aptPackages`, or `buildAptPackages` for the build',
  variables: '`deploy.variables`',
  env: '`deploy.variables`',
  providers: '`provider`, which takes one',
};

/** Every fault of the file, in its order. */
export function railpackFaults(text: string): RailpackFault[] {
  const root = parse(text);
  if (typeof root === 'string') return [{ kind: 'invalid', message: `railpack.json is ${root}.` }];
  const faults = look(root, ROOT, '');
  const provider = root.provider;
  if (typeof provider === 'string' && !PROVIDERS.includes(provider))
    faults.push({
      kind: 'type',
      message: `\`provider\` is \`${provider.slice(0, 40)}\`, which is none of ${PROVIDERS.join(', ')}.`,
    });
  if (isObject(root.deploy)) faults.push(...look(root.deploy, DEPLOY, 'deploy.'));
  if (isObject(root.steps))
    for (const [name, step] of Object.entries(root.steps)) {
      if (isObject(step)) faults.push(...look(step, STEP, `steps.${name}.`));
      else faults.push({ kind: 'type', message: `\`steps.${name}\` is not an object.` });
    }
  return faults;
}

/** Packages of the final image; empty where nothing is given. */
export function railpackPackages(text: string): readonly string[] {
  const root = parse(text);
  const deploy = typeof root === 'string' ? undefined : root.deploy;
  const packages = isObject(deploy) ? deploy.aptPackages : undefined;
  return Array.isArray(packages) ? packages.filter((one) => typeof one === 'string') : [];
}

function look(
  part: Record<string, unknown>,
  keys: Readonly<Record<string, Kind>>,
  place: string,
): RailpackFault[] {
  return Object.entries(part).flatMap(([key, value]): RailpackFault[] => {
    const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (kind !== undefined)
      return fits(value, kind)
        ? []
        : [{ kind: 'type', message: `\`${place}${key}\` is not ${WORDS[kind]}.` }];
    const name = key.slice(0, 60);
    const there = ELSEWHERE[key.toLowerCase()];
    if (there !== undefined)
      return [
        {
          kind: 'misplaced',
          message: `\`${place}${name}\` is silently ignored there; it belongs in ${there}.`,
        },
      ];
    return [
      { kind: 'unknown', message: `\`${place}${name}\` is no key of railpack.json and is silently ignored.` },
    ];
  });
}

const WORDS: Readonly<Record<Kind, string>> = {
  string: 'a text',
  strings: 'a list of texts',
  object: 'an object',
  array: 'a list',
  steps: 'an object',
};

function fits(value: unknown, kind: Kind): boolean {
  if (kind === 'string') return typeof value === 'string';
  if (kind === 'object' || kind === 'steps') return isObject(value);
  return Array.isArray(value) && (kind === 'array' || value.every((one) => typeof one === 'string'));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object, or what is wrong with the text. Comments and commas before a closing bracket are allowed. */
function parse(text: string): Record<string, unknown> | string {
  try {
    const root: unknown = JSON.parse(withoutComments(text));
    return isObject(root) ? root : 'not an object';
  } catch {
    return 'not valid JSON, which stops the build';
  }
}

/** Strings are matched first, so that nothing inside of one is taken for a comment. */
const withoutComments = (text: string): string =>
  text
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, quoted?: string) => quoted ?? ' ')
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, quoted?: string) => quoted ?? ' ');
