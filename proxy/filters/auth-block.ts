/** Whoever fails to authenticate again and again is not heard for a while; a token that is good is always heard. */
import { clientKey } from '../client-key.ts';
import type { Exchange, Filter, Maybe, Reply } from '../exchange.ts';
import type { Credential, ReadCredential } from '../identity/credential.ts';
import type { Lockout } from '../identity/lockout.ts';
import { KeysUnavailable, TokenRefused } from '../identity/refused.ts';
import { pathMatcher } from '../path.ts';
import { Problem } from '../problem.ts';

export interface AuthBlockOptions {
  readonly lockout: Lockout;
  readonly read: ReadCredential;
  /** Undefined when tokens are not verified here. */
  readonly verify: ((token: string) => unknown) | undefined;
  /** Where the app takes passwords: its 401 there is a failure. */
  readonly loginPaths: readonly string[];
  /** Told once, when a block begins. */
  readonly blocked: (x: Exchange) => void;
}

export function authBlock(options: AuthBlockOptions): Filter {
  const { lockout, read, verify } = options;
  const isLogin = pathMatcher(options.loginPaths);

  /** Not while it is good, nor when it was good and has merely expired: those get their own answer. */
  const unlessGood = (credential: Credential, left: number): Maybe<Reply> => {
    if (verify === undefined || (credential.kind !== 'token' && credential.kind !== 'pair'))
      throw refusal(left);
    const judge = (thrown: unknown): undefined => {
      if (thrown instanceof KeysUnavailable || (thrown instanceof TokenRefused && thrown.authentic))
        return undefined;
      throw refusal(left);
    };
    try {
      const answer = verify(credential.text);
      return answer instanceof Promise ? answer.then(() => undefined, judge) : undefined;
    } catch (thrown) {
      return judge(thrown);
    }
  };

  return {
    name: 'auth-block',
    request(x) {
      if (lockout.idle) return undefined;
      const credential = read(x.request.headers);
      const login = isLogin(x.request.path);
      if (credential === undefined && !login) return undefined;
      const client = clientKey(x.client.address);
      if (login && x.request.method !== 'OPTIONS') {
        const left = lockout.remaining(client, 'login');
        if (left > 0) throw refusal(left);
      }
      if (credential === undefined) return undefined;
      const left = lockout.remaining(client, presented(credential));
      return left > 0 ? unlessGood(credential, left) : undefined;
    },
    response(x, reply) {
      if (reply.status !== 401) return;
      const failed = failure(x, reply, read, isLogin(x.request.path));
      if (failed === undefined) return;
      void lockout.failed(clientKey(x.client.address), failed).then((now) => {
        if (now) options.blocked(x);
      });
    },
  };
}

/** What failed, or undefined when the 401 says nothing against the client. */
function failure(x: Exchange, reply: Reply, read: ReadCredential, login: boolean): string | undefined {
  if (reply.origin === 'upstream') {
    if (login) return 'login';
    const credential = read(x.request.headers);
    // A verified token that the app refuses is the app's own affair.
    return x.token !== undefined || credential === undefined ? undefined : presented(credential);
  }
  if (x.problem?.code !== 'token_invalid') return undefined;
  const credential = read(x.request.headers);
  return credential === undefined ? undefined : presented(credential);
}

/** What a failure is counted under, beside the address: the claimed subject of a token, the key or bearer itself. */
function presented(credential: Credential): string {
  switch (credential.kind) {
    case 'token':
    case 'pair':
      return `sub ${claimedSubject(credential.text)}`;
    case 'key':
    case 'opaque':
      return `key ${credential.text}`;
    default:
      return 'misshapen';
  }
}

/** As an unverified token says; only ever a part of a hashed key. */
function claimedSubject(token: string): string {
  try {
    const payload = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { sub?: unknown };
    return typeof sub === 'string' ? sub : '';
  } catch {
    return '';
  }
}

const refusal = (left: number): Problem =>
  new Problem('client_blocked', { headers: ['Retry-After', String(Math.max(1, Math.ceil(left / 1000)))] });
