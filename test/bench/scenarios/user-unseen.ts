/** What somebody costs who was not seen lately: a verdict, a session, an audit event, a line of the log with a new name. */
import { token } from '../load/requests.ts';
import { replaying } from './replaying.ts';
import { TOKENS, user } from './token-uncached.ts';

export default replaying({
  id: 'user-unseen',
  about: `GET of 1 KB, each by another of ${TOKENS} users`,
  peers: ['railguard-full', 'haproxy-full', 'http-proxy'],
  requests: () =>
    Array.from({ length: TOKENS }, (_, index) => ({
      headers: [`Authorization: Bearer ${token(user(index))}`],
    })),
});
