/** How V8 is set up for a process that serves, from within: flags on the command line are not ours to give. */
import { boundYoungGeneration } from './young-generation.ts';

const v8 = process.getBuiltinModule('node:v8');

/** For a process that is about to serve; each of the flags is read whenever it matters, so it is not too late. */
export function tuneV8(): void {
  // A request walks through many small functions, more than the compiler's budget for one piece of code lets it join.
  v8.setFlagsFromString('--max-inlined-bytecode-size=1500');
  v8.setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
  // A young collection has little to copy: waking other threads for it costs more than they help.
  v8.setFlagsFromString('--no-parallel-scavenge');
  boundYoungGeneration();
}
