/** Bounds V8's young generation from within: `--max-semi-space-size` would have to stand on the command line. */

const v8 = process.getBuiltinModule('node:v8');

/** Milliseconds. */
const LOOK_EVERY = 500;
/** Bytes of both halves. A request leaves next to nothing behind: more costs memory, and saves no time. */
const ENOUGH = 8 * 1024 * 1024;

/**
 * Lets it grow to `ENOUGH`, and again after V8 has shrunk an idle one; keeps no process alive. The factor of growth is
 * read at each growth, unlike its bounds.
 */
export function boundYoungGeneration(): void {
  // A collection has little to copy: waking other threads for it costs more than they help.
  v8.setFlagsFromString('--no-parallel-scavenge');
  let growing = true;
  const look = (): void => {
    const small = youngSize() < ENOUGH;
    if (small === growing) return;
    growing = small;
    v8.setFlagsFromString(`--semi-space-growth-factor=${growing ? 2 : 1}`);
  };
  look();
  setInterval(look, LOOK_EVERY).unref();
}

/** Bytes. */
function youngSize(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
