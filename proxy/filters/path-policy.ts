/** Refuses targets that railguard and the app could read differently, so that no decision is made on another path. */
import type { Exchange, Filter } from '../exchange.ts';
import { literalPath, pathMatcher } from '../path.ts';
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
      const { target, path, ambiguous } = x.request;
      if (!ambiguous && (isVerbatim(path, target) || !crossesBorder(path, target))) return undefined;
      throw new Problem('request_malformed', { detail: 'The request target can be read in two ways.' });
    },
  };
}

/** An ordinary target was not rewritten, and has one reading only. */
const isVerbatim = (path: string, target: string): boolean =>
  target === path || (target.startsWith(path) && target[path.length] === '?');
