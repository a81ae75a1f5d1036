/** Looks for any piece of a secret in what was written: four characters of it are already too many. */

const WIDTH = 4;

/** Four figures stand in a count of bytes by chance: they would be found where nothing leaked. */
function windowsOf(value: string): Set<string> {
  const windows = new Set<string>();
  for (let at = 0; at + WIDTH <= value.length; at++) windows.add(value.slice(at, at + WIDTH));
  return new Set([...windows].filter((window) => !/^\d+$/.test(window)));
}

/**
 * Pieces of `values` that stand in `written`. What stands in `control` too, written of other values, is no trace of
 * these: words, figures and names that are always there.
 */
export function tracesOf(
  values: readonly string[],
  written: string,
  control: string,
): { readonly traces: string[]; readonly compared: number; readonly excused: number } {
  const traces: string[] = [];
  let compared = 0;
  let excused = 0;
  for (const value of values)
    for (const window of windowsOf(value)) {
      compared++;
      if (!written.includes(window)) continue;
      if (control.includes(window)) excused++;
      else traces.push(window);
    }
  return { traces, compared, excused };
}
