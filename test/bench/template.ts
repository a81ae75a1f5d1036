/** Fills in the configurations of the peers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes `peers/NAME` into `scratch` with each @MARK@ replaced, and returns its path. */
export function fill(
  name: string,
  scratch: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const text = readFileSync(join(import.meta.dirname, 'peers', name), 'utf8');
  const path = join(scratch, `${values.PORT}-${name}`);
  writeFileSync(
    path,
    text.replace(/@([A-Z]+)@/g, (mark, key: string) => String(values[key] ?? mark)),
  );
  return path;
}
