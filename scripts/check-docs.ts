/** Keeps the pages that are written from declarations and tables what those say; `--write` makes them so. Takes another root, for its own test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { markdown as validateMarkdown } from '../admin/validate/docs.ts';
import { schema } from '../admin/validate/schema.ts';
import { example, markdown } from '../config/docs.ts';

const args = process.argv.slice(2);
const write = args.includes('--write');
const root = args.find((arg) => !arg.startsWith('-')) ?? resolve(import.meta.dirname, '..');

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

for (const [name, content] of [
  ['docs/configuration.md', markdown()],
  ['.env.example', example()],
  ['docs/validate.md', validateMarkdown()],
  ['docs/validate.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`],
] as const) {
  const path = resolve(root, name);
  if (read(path) === content) continue;
  if (write) {
    writeFileSync(path, content);
    console.log(`wrote ${name}`);
  } else {
    console.error(`${name} is not what the declarations say; run \`npm run docs\``);
    process.exitCode = 1;
  }
}
