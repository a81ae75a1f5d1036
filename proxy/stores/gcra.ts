/** The rate limit's arithmetic (GCRA), once: a policy's numbers, one step of a key's state, and what the state means. */

/**
 * What a key may do. Times are whole microseconds, so that JavaScript, Lua and SQL compute the same numbers:
 * the emission interval is rounded up, never down, so that no store admits more than the policy says.
 */
export interface Policy {
  /** Name in header fields, problem documents and store keys: printable ASCII without `"` and `\`. */
  readonly name: string;
  /** Requests a window at the sustained rate. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** Requests that pass at once from cold. */
  readonly burst: number;
  /** Microseconds between two requests at the sustained rate. */
  readonly interval: number;
  /** How many microseconds a key may run ahead of the sustained rate and still pass. */
  readonly tolerance: number;
}

/** The answer to one request. */
export interface Decision {
  readonly policy: Policy;
  readonly allowed: boolean;
  /** How many more would pass at once now. */
  readonly remaining: number;
  /** Milliseconds until one more than `remaining` would pass: after a refusal, the wait that is sure to be enough. */
  readonly retryAfterMs: number;
  /** Milliseconds until the whole burst is there again. */
  readonly resetMs: number;
}

/** Throws RangeError for what is no policy. */
export function definePolicy(name: string, limit: number, windowSeconds: number, burst: number): Policy {
  for (const [what, value] of Object.entries({ limit, windowSeconds, burst })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${what} of a rate limit must be a whole number of at least 1`);
  }
  if (!/^[\x20-\x7e]+$/.test(name) || /["\\]/.test(name))
    throw new RangeError('the name of a rate limit must be printable ASCII without quotes and backslashes');
  const interval = Math.ceil((windowSeconds * 1e6) / limit);
  const tolerance = (burst - 1) * interval;
  if (!(tolerance + interval <= LONGEST)) throw new RangeError('a burst must refill within ten years');
  return { name, limit, windowSeconds, burst, interval, tolerance };
}

/** Ten years of microseconds: added to any clock of this century it stays exact in a double. */
const LONGEST = 3.2e14;

/**
 * How far ahead of the sustained rate the key runs, in microseconds, before this request. `tat` is the key's
 * theoretical arrival time (any past time when it has none). A clock that stepped back, or a policy that became
 * stricter, can't hold a key longer than a whole burst takes.
 */
export function aheadOf(tat: number, now: number, policy: Policy): number {
  const ahead = tat - now;
  if (ahead <= 0) return 0;
  const most = policy.tolerance + policy.interval;
  return Math.min(ahead, most);
}

/** May a key that runs this far ahead pass? Then it runs one interval further ahead. */
export const admits = (ahead: number, policy: Policy): boolean => ahead <= policy.tolerance;

/** What a state means to the client. `ahead` is the state after the request was counted (or refused). */
export function decision(allowed: boolean, ahead: number, policy: Policy): Decision {
  const room = policy.tolerance - ahead;
  const remaining = room < 0 ? 0 : Math.floor(room / policy.interval) + 1;
  return {
    policy,
    allowed,
    remaining,
    retryAfterMs: (remaining * policy.interval - room) / 1000,
    resetMs: ahead / 1000,
  };
}
