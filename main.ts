#!/usr/bin/env node
/** The way in: refuses a Node that is too old before anything is imported, then hands over to the command line. */

/** The oldest Node it runs on; [major, minor, patch] from which each line's HTTP parser is fixed. */
const OLDEST = [22, 19, 0];
const PARSER_FIXED = [
  [22, 23, 2],
  [24, 18, 1],
  [26, 5, 1],
];

const running = process.versions.node.split('.').map(Number);

function before(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs !== -1 && a[differs]! < b[differs]!;
}

/** A line without an entry (23, 25) ended before the fix; every line after the last one has it. */
function parserIsFixed(version: readonly number[]): boolean {
  const newest = PARSER_FIXED[PARSER_FIXED.length - 1]!;
  if (!before(version, newest)) return true;
  const fixed = PARSER_FIXED.find((entry) => entry[0] === version[0]);
  return fixed !== undefined && !before(version, fixed);
}

if (before(running, OLDEST)) {
  process.stderr.write(
    `railguard: Node ${process.versions.node} is too old; use 24.18.1 or later (22.19 at the least)\n`,
  );
  process.exit(64);
}
if (!parserIsFixed(running)) {
  process.stderr.write(
    `railguard: WARNING: the HTTP parser of Node ${process.versions.node} has known request smuggling holes; ` +
      'use Node 22.23.2, 24.18.1, 26.5.1 or later\n',
  );
}

const { fatal, guardStart } = await import('./crash.ts');
guardStart(process.env);
try {
  const { run } = await import('./commands.ts');
  process.exit(await run(process.argv.slice(2), process.env));
} catch (error) {
  process.exit(fatal(process.env, error));
}

export {};
