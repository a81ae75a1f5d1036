/** Whether the session behind a verified token still stands: not revoked, not idle too long, not too old, not displaced. */
import type { Exchange, Filter, Maybe, Reply } from '../exchange.ts';
import type { TokenFacts } from '../identity/claims.ts';
import { pathMatcher } from '../path.ts';
import { Problem } from '../problem.ts';
import type { Standing } from '../stores/revocations/list.ts';
import type { SessionStore, Verdict } from '../stores/sessions/store.ts';

export interface SessionEvents {
  /** A session was seen for the first time. */
  opened(x: Exchange, token: TokenFacts, session: string): void;
  refused(x: Exchange, token: TokenFacts, reason: 'revoked' | 'expired' | 'ended'): void;
  /** Sessions of the same subject that had to end for this one. */
  displaced(x: Exchange, token: TokenFacts, sessions: readonly string[]): void;
}

export interface SessionOptions {
  readonly standing: (token: TokenFacts) => Standing;
  readonly sessions: SessionStore;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Where no session is asked for, and none is kept alive. */
  readonly publicPaths: readonly string[];
  readonly events: SessionEvents;
}

export function session(options: SessionOptions): Filter {
  const { standing, sessions, now, events } = options;
  const open = pathMatcher(options.publicPaths);

  const judge = (x: Exchange, token: TokenFacts, name: string, verdict: Verdict): undefined => {
    if (verdict.state !== 'live') {
      events.refused(x, token, verdict.state);
      throw over(verdict.state === 'expired' ? 'session_expired' : 'session_revoked');
    }
    x.session = name;
    if (verdict.fresh) events.opened(x, token, name);
    if (verdict.displaced.length > 0) events.displaced(x, token, verdict.displaced);
    return undefined;
  };

  return {
    name: 'session',
    request(x): Maybe<Reply> {
      const { token } = x;
      if (token === undefined || open(x.request.path)) return undefined;
      const stands = standing(token);
      if (stands === 'unknown') throw new Problem('store_unavailable');
      if (stands === 'revoked') {
        events.refused(x, token, 'revoked');
        throw over('session_revoked');
      }
      const name = token.session;
      if (name === undefined) return undefined;
      const verdict = sessions.see({
        session: name,
        subject: token.subject,
        now: now(),
        startedAt: token.authTime,
      });
      return verdict instanceof Promise
        ? verdict.then((given) => judge(x, token, name, given))
        : judge(x, token, name, verdict);
    },
  };
}

const over = (code: 'session_expired' | 'session_revoked'): Problem =>
  new Problem(code, {
    headers: [
      'WWW-Authenticate',
      `Bearer error="invalid_token", error_description="The session ${code === 'session_expired' ? 'expired' : 'was ended'}"`,
    ],
  });
