/** What a token costs that was not seen lately, of a user who was: no verdict on it can have been remembered. */
import { token } from '../load/requests.ts';
import { replaying } from './replaying.ts';

/** Twice as many as railguard remembers, in turn: each has been forgotten when it comes again. */
export const TOKENS = 20_000;
const USERS = 500;

export const user = (index: number) => ({ sub: `user-${index}`, session_id: `session-of-user-${index}` });

export default replaying({
  id: 'token-uncached',
  about: `GET of 1 KB, each with another of ${TOKENS} tokens of ${USERS} users`,
  peers: ['railguard-full', 'haproxy-full', 'http-proxy'],
  requests: () =>
    Array.from({ length: TOKENS }, (_, index) => ({
      headers: [`Authorization: Bearer ${token({ ...user(index % USERS), jti: `token-${index}` })}`],
    })),
});
