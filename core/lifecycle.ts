/** Ready, draining, and the probes that decide: shared by the public health path and the admin port. */

export interface ProbeResult {
  readonly ok: boolean;
  /** A plain sentence when not ok; safe to show. */
  readonly message?: string;
  readonly figures?: Readonly<Record<string, number | string | boolean>>;
}

/** Something that can be asked how it is. Answers from what is known; never waits longer than 2 s. */
export interface Probe {
  readonly name: string;
  /** Does a failure make this instance not ready? */
  readonly critical: boolean;
  check(): ProbeResult | Promise<ProbeResult>;
}

export type Phase = 'starting' | 'serving' | 'draining';

export class Lifecycle {
  phase: Phase = 'starting';

  get draining(): boolean {
    return this.phase === 'draining';
  }

  serving(): void {
    if (this.phase === 'starting') this.phase = 'serving';
  }

  drain(): void {
    this.phase = 'draining';
  }
}
