/** Room in a Map or Set that is full. */

/** What can be asked for its oldest. */
interface Kept<Key> {
  readonly size: number;
  keys(): Iterable<Key>;
  delete(key: Key): boolean;
}

/**
 * Lets go of the oldest when there are `most`: of one in 64 at once, since each look for the oldest steps over the
 * places of all that went before. `gone` is told of each, while it is still there.
 */
export function makeRoom<Key>(kept: Kept<Key>, most: number, gone?: (key: Key) => void): void {
  if (kept.size < most) return;
  let left = 1 + (most >> 6);
  for (const key of kept.keys()) {
    if (left-- === 0) return;
    gone?.(key);
    kept.delete(key);
  }
}
