/** A body of several reads: a GET answered with 64 KB. */
import { replaying } from './replaying.ts';

export default replaying({
  id: 'get-64k',
  about: 'GET of 64 KB, 64 connections',
  requests: () => [{ path: '/64k' }],
});
