/** The gate of overload: what is more than can be borne is refused at once, before anything is spent on it. */
import type { Exchange, Filter } from '../exchange.ts';
import { Problem } from '../problem.ts';

export type ShedReason = 'in_flight' | 'event_loop' | 'connections';

export interface OverloadOptions {
  readonly maxInFlight: number;
  /** Exchanges in the chain, this one included. */
  readonly inFlight: () => number;
  /** Is this request one to be turned away because the event loop runs late? */
  readonly lagging: () => boolean;
  /** Told of each that is refused. */
  readonly shed: (reason: ShedReason) => void;
}

/** With so few in flight it is not the requests that make the loop late, and refusing them would not help. */
const FEW = 16;

export function overload({ maxInFlight, inFlight, lagging, shed }: OverloadOptions): Filter {
  // Made once: building an error with its stack costs more than refusing with it.
  const busy = new Problem('overloaded');
  const crowded = new Problem('overloaded', { close: true });
  /** Refused, but the client has not taken the answer yet: they occupy nothing and count for nobody. */
  let leaving = 0;

  const refuse = (problem: Problem, reason: ShedReason): never => {
    leaving++;
    shed(reason);
    throw problem;
  };

  return {
    name: 'overload',
    request(x: Exchange): undefined {
      if (x.crowded) refuse(crowded, 'connections');
      const count = inFlight() - leaving;
      if (count > maxInFlight) refuse(busy, 'in_flight');
      if (count > FEW && lagging()) refuse(busy, 'event_loop');
    },
    finish(x) {
      if (x.problem === busy || x.problem === crowded) leaving--;
    },
  };
}
