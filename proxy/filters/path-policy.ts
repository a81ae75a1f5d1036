/** Refuses targets that railguard and the app could read differently, so that no decision is made on another path. */
import type { Exchange, Filter } from '../exchange.ts';
import { literalPath, normalisePath, pathMatcher } from '../path.ts';
import { Problem } from '../problem.ts';

export interface PathPolicyOptions {
  /** Every path list that decides something: a target that two readings put on different sides of one is refused. */
  readonly lists: readonly (readonly string[])[];
}

export function pathPolicy(options: PathPolicyOptions): Filter {
  const matchers = options.lists.filter((list) => list.length > 0).map(pathMatcher);

  const crossesBorder = (path: string, target: string): boolean => {
    const literal = literalPath(target);
    return literal !== path && matchers.some((matches) => matches(path) !== matches(literal));
  };

  return {
    name: 'path-policy',
    request(x: Exchange) {
      const { target } = x.request;
      const { path, ambiguous } = normalisePath(target);
      // Ordinary targets were not rewritten, and have one reading only.
      if (!ambiguous && (target.startsWith(path) || !crossesBorder(path, target))) return undefined;
      throw new Problem('request_malformed', { detail: 'The request target can be read in two ways.' });
    },
  };
}
