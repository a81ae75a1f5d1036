/** What a token costs that was not seen lately: no verdict on it can have been remembered. */
import { token } from '../load/requests.ts';
import { replaying } from './replaying.ts';

/** Twice as many as railguard remembers, in turn: each has been forgotten when it comes again. */
const TOKENS = 20_000;

export default replaying({
  id: 'token-uncached',
  about: `GET of 1 KB, each with another of ${TOKENS} users' tokens`,
  peers: ['railguard-full', 'haproxy-full', 'http-proxy'],
  requests: () =>
    Array.from({ length: TOKENS }, (_, user) => ({
      headers: [`Authorization: Bearer ${token({ sub: `user-${user}` })}`],
    })),
});
