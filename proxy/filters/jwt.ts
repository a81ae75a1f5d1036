/** Who is asking: a token must be good, an API key well shaped; what only the app can judge passes, or not, by the mode. */
import type { Exchange, Filter, Maybe, Reply } from '../exchange.ts';
import { View } from '../header-view.ts';
import type { TokenFacts } from '../identity/claims.ts';
import type { Credential, ReadCredential } from '../identity/credential.ts';
import { KeysUnavailable, type Reason, TokenRefused } from '../identity/refused.ts';
import { pathMatcher } from '../path.ts';
import { Problem } from '../problem.ts';

/** Where a decision on a credential is told; each is called at most once a request. */
export interface AuthEvents {
  accepted(x: Exchange, method: 'jwt', token: TokenFacts): void;
  refused(x: Exchange, method: AuthMethod, reason: Reason | 'ambiguous' | 'unavailable'): void;
  /** A credential that only the app can judge. */
  passed(x: Exchange, method: 'api_key' | 'opaque'): void;
  /** What became of a request with an API key. */
  keyUsed(x: Exchange, keyId: string, status: number): void;
  /** Nothing was presented where something must be. */
  missing(x: Exchange): void;
}

export type AuthMethod = 'jwt' | 'api_key' | 'opaque';

export interface JwtOptions {
  readonly read: ReadCredential;
  readonly verify: (token: string) => TokenFacts | Promise<TokenFacts>;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  readonly fingerprint: (key: string) => string;
  /** Nothing passes without a token or a key, save on public paths. */
  readonly required: boolean;
  /** Open to all. */
  readonly publicPaths: readonly string[];
  /** Where a client signs in: a credential that has had its day must not keep it out. */
  readonly loginPaths: readonly string[];
  readonly events: AuthEvents;
}

/** What came of the token of a head that a client repeats. */
class Judged {
  facts: TokenFacts | undefined = undefined;
  /** Milliseconds since the epoch. */
  until = 0;
}

/** Milliseconds for which a repeated head is not verified again, within the life of its token. */
const FRESH = 1000;

export const NAKED_CHALLENGE = 'Bearer realm="app"';

export function jwt(options: JwtOptions): Filter {
  const { read, events, required, now } = options;
  const judged = new View(() => new Judged());
  const open = pathMatcher(options.publicPaths);
  const forgiving = pathMatcher([...options.publicPaths, ...options.loginPaths]);

  const accept = (x: Exchange, token: TokenFacts): undefined => {
    x.token = token;
    if (token.subject !== '') x.identity = token;
    events.accepted(x, 'jwt', token);
    return undefined;
  };

  /** On a forgiving path, whoever does not verify is nobody. */
  const refuse = (x: Exchange, thrown: unknown): undefined => {
    const problem = asProblem(thrown);
    events.refused(x, 'jwt', thrown instanceof TokenRefused ? thrown.reason : 'unavailable');
    if (!forgiving(x.request.path)) throw problem;
    return required && !open(x.request.path) ? missing(x) : undefined;
  };

  const missing = (x: Exchange): never => {
    events.missing(x);
    throw new Problem('unauthenticated', { headers: ['WWW-Authenticate', NAKED_CHALLENGE] });
  };

  const verified = (x: Exchange, answer: TokenFacts | Promise<TokenFacts>): Maybe<Reply> =>
    answer instanceof Promise
      ? answer.then(
          (token) => accept(x, token),
          (thrown) => refuse(x, thrown),
        )
      : accept(x, answer);

  const token = (x: Exchange, credential: Credential & { text: string }): Maybe<Reply> => {
    const last = judged.of(x.request.headers);
    if (last.facts !== undefined && now() < last.until) return accept(x, last.facts);
    last.facts = undefined;
    try {
      const answer = options.verify(credential.text);
      if (credential.kind !== 'pair') {
        if (answer instanceof Promise) return verified(x, answer);
        last.facts = answer;
        last.until = Math.min(now() + FRESH, answer.expiresAt);
        return accept(x, answer);
      }
      return verified(x, agreed(answer, options.verify(credential.cookie)));
    } catch (thrown) {
      return refuse(x, thrown);
    }
  };

  return {
    name: 'jwt',
    request(x) {
      const credential = read(x.request.headers);
      switch (credential?.kind) {
        case 'token':
        case 'pair':
          return token(x, credential);
        case 'key':
          x.keyId = options.fingerprint(credential.text);
          events.passed(x, 'api_key');
          return undefined;
        case 'misshapen':
          events.refused(x, 'api_key', 'key_shape');
          throw invalid('token_invalid');
        case 'ambiguous':
          events.refused(x, 'opaque', 'ambiguous');
          throw new Problem('request_malformed', {
            detail: 'The request presents its credentials in more than one way.',
            headers: ['WWW-Authenticate', 'Bearer error="invalid_request"'],
          });
        case 'opaque':
          events.passed(x, 'opaque');
          break;
      }
      return required && !open(x.request.path) ? missing(x) : undefined;
    },
    response(x, reply) {
      if (x.keyId !== undefined) events.keyUsed(x, x.keyId, reply.status);
    },
  };
}

/** Header and cookie must speak of one user and one session. */
async function agreed(
  header: TokenFacts | Promise<TokenFacts>,
  cookie: TokenFacts | Promise<TokenFacts>,
): Promise<TokenFacts> {
  const [first, second] = await Promise.all([header, cookie]);
  if (first.subject !== second.subject || first.session !== second.session)
    throw new TokenRefused('disagreement');
  return first;
}

function invalid(code: 'token_invalid' | 'token_expired'): Problem {
  const description = code === 'token_expired' ? ', error_description="The access token expired"' : '';
  return new Problem(code, { headers: ['WWW-Authenticate', `Bearer error="invalid_token"${description}`] });
}

function asProblem(thrown: unknown): Problem {
  if (thrown instanceof TokenRefused)
    return invalid(thrown.reason === 'expired' ? 'token_expired' : 'token_invalid');
  if (thrown instanceof KeysUnavailable) return new Problem('identity_unavailable');
  return Problem.from(thrown);
}
