/** Finds the name that was meant: for unknown variables, commands and flags. */

/** Insertions, deletions, substitutions and swaps of neighbours between two short texts. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The candidate with the fewest edits from `text`; the first of equals. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Names that belong to platforms and tools, never to a slip of the hand. */
const FOREIGN = /^(RAILWAY_|RAILPACK_|NIXPACKS_|KUBERNETES_|NODE_|npm_|LC_|XDG_|GITHUB_|CI_|PYTHON|PG)/i;

/**
 * The variable of ours that `name` is a near miss of. One word alone (`PORTS`, `HOSTS`) is anybody's; else both halves
 * around the first underscore are compared: two edits in all, of which a short half (under 5 letters) bears one, and a
 * short prefix none.
 */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  if (FOREIGN.test(name) || !name.includes('_')) return undefined;
  const [prefix, rest] = halves(name.toUpperCase());
  const close = known.filter((candidate) => {
    if (!candidate.includes('_') || Math.abs(candidate.length - name.length) > 2) return false;
    const [ownPrefix, ownRest] = halves(candidate);
    const inPrefix = editDistance(prefix, ownPrefix);
    const inRest = editDistance(rest, ownRest);
    if (inPrefix > 0 && ownPrefix.length < 5) return false;
    return inPrefix + inRest <= 2 && inRest <= (ownRest.length < 5 ? 1 : 2);
  });
  return nearest(name.toUpperCase(), close);
}

function halves(name: string): readonly [string, string] {
  const at = name.indexOf('_');
  return [name.slice(0, at), name.slice(at + 1)];
}
