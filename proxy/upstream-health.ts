/** Does the app accept connections? Asked when somebody wants to know, at most once a second, shared by all who ask. */
import type { Probe, ProbeResult } from '../core/lifecycle.ts';

/** Milliseconds an answer is good for. */
const FRESH = 1000;
/** Milliseconds to wait for a connection. */
const PATIENCE = 1500;

export class UpstreamHealth implements Probe {
  readonly name = 'upstream';
  readonly critical = true;
  private readonly reach: (timeout: number) => Promise<ProbeResult>;
  private asking: Promise<ProbeResult> | undefined = undefined;
  private last: ProbeResult = { ok: false, message: 'the app was not asked yet' };
  private freshUntil = 0;

  constructor(reach: (timeout: number) => Promise<ProbeResult>) {
    this.reach = reach;
  }

  check(): ProbeResult | Promise<ProbeResult> {
    if (performance.now() < this.freshUntil) return this.last;
    this.asking ??= this.reach(PATIENCE).then((result) => {
      this.last = result;
      // Trouble is looked at again sooner: recovery must show at once.
      this.freshUntil = performance.now() + (result.ok ? FRESH : FRESH / 4);
      this.asking = undefined;
      return result;
    });
    return this.asking;
  }
}
