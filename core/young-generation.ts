/** Bounds V8's young generation from within: `--max-semi-space-size` would have to stand on the command line. */

const v8 = process.getBuiltinModule('node:v8');

/** Milliseconds between looks; the shorter while it may grow, for V8 doubles it, and doubles it again. */
const LOOK_EVERY = 500;
const LOOK_AGAIN = 20;
/** Bytes of both halves. Less costs time where there are bodies, more costs memory and saves nothing. */
const ENOUGH = 16 * 1024 * 1024;
/** Bytes by which its use has changed since the last look, where there is something to do. */
const BUSY = 256 * 1024;

/**
 * Lets it grow to `ENOUGH` while there is something to do, and again after V8 has shrunk an idle one; keeps no process
 * alive. The factor of growth is read at each growth, unlike its bounds.
 */
export function boundYoungGeneration(): void {
  let growing = true;
  let before = 0;
  const look = (): void => {
    const { size, used } = young();
    const grow = size < ENOUGH && Math.abs(used - before) >= BUSY;
    before = used;
    if (grow !== growing) v8.setFlagsFromString(`--semi-space-growth-factor=${grow ? 2 : 1}`);
    growing = grow;
    setTimeout(look, grow ? LOOK_AGAIN : LOOK_EVERY).unref();
  };
  look();
}

/** Bytes. */
function young(): { readonly size: number; readonly used: number } {
  const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return { size: space?.space_size ?? 0, used: space?.space_used_size ?? 0 };
}
