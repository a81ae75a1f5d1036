/** The files beside the program that say how a platform builds and starts it, read as far as they can be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Deployment {
  /** Text of railpack.json; undefined when there is none. */
  readonly railpack: string | undefined;
  readonly dockerfile: string | undefined;
  /** `railway.json` or `railway.toml`, whichever there is. */
  readonly legacy: { readonly name: string; readonly text: string } | undefined;
  readonly iac: string | undefined;
  readonly packageJson: string | undefined;
  /** Every start command that a file gives, with the file's name. */
  readonly starts: readonly Start[];
  /** The most that a file asks for. */
  readonly replicas: number | undefined;
  readonly healthPaths: readonly Start[];
  /** Seconds between SIGTERM and SIGKILL, where a file gives them. */
  readonly drainingSeconds: number | undefined;
}

export interface Start {
  readonly file: string;
  readonly value: string;
}

export function readDeployment(cwd: string): Deployment {
  const read = (name: string): string | undefined => {
    try {
      return readFileSync(join(cwd, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  const legacyName = ['railway.json', 'railway.toml'].find((name) => read(name) !== undefined);
  const legacy =
    legacyName === undefined ? undefined : { name: legacyName, text: read(legacyName) as string };
  const files = {
    railpack: read('railpack.json'),
    dockerfile: read('Dockerfile'),
    legacy,
    iac: read('.railway/railway.ts'),
    packageJson: read('package.json'),
  };
  const platform = [
    ...(legacy === undefined ? [] : [{ file: legacy.name, text: legacy.text }]),
    ...(files.iac === undefined ? [] : [{ file: '.railway/railway.ts', text: files.iac }]),
  ];
  const numbers = (pattern: RegExp): number[] =>
    platform.flatMap(({ text }) => [...bare(text).matchAll(pattern)].map((found) => Number(found[1])));
  const texts = (pattern: RegExp): Start[] =>
    platform.flatMap(({ file, text }) =>
      [...bare(text).matchAll(pattern)].map((found) => ({ file, value: found[2] as string })),
    );
  return {
    ...files,
    starts: [...startsOf(files), ...texts(/\b(?:startCommand|start)"?\s*[:=]\s*(["'`])(.*?)\1/g)],
    replicas: most(numbers(/\b(?:numReplicas|replicas)"?\s*[:=]\s*(\d+)/g)),
    healthPaths: texts(/\b(?:healthcheckPath|healthcheck)"?\s*[:=]\s*(["'`])(.*?)\1/g),
    drainingSeconds: most(numbers(/\bdrainingSeconds"?\s*[:=]\s*(\d+)/g)),
  };
}

/** Without comments, which may speak of any setting; a `//` inside a URL is none. */
const bare = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:"'`\w])\/\/[^\n]*/g, '$1')
    .replace(/^\s*#.*$/gm, '');

const most = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : Math.max(...numbers);

function startsOf({ dockerfile, railpack }: Pick<Deployment, 'dockerfile' | 'railpack'>): Start[] {
  const starts: Start[] = [];
  const railpacks = /"startCommand"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(railpack ?? '')?.[1];
  if (railpacks !== undefined) starts.push({ file: 'railpack.json', value: railpacks });
  for (const [, form = ''] of (dockerfile ?? '').matchAll(/^\s*(?:CMD|ENTRYPOINT)\s+((?:\\\r?\n|[^\n])*)/gim))
    starts.push({ file: 'Dockerfile', value: execForm(form) });
  return starts;
}

/** `["node", "main.js"]` as one command line. */
function execForm(form: string): string {
  const words = form.trim().startsWith('[') ? [...form.matchAll(/"((?:[^"\\]|\\.)*)"/g)] : [];
  return words.length === 0 ? form.trim() : words.map(([, word]) => word).join(' ');
}
