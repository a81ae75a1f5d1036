/** The way in: a POST of 10 KB of JSON, answered with 1 KB. */
import { replaying } from './replaying.ts';

const body = `{"data":"${'y'.repeat(10 * 1024 - '{"data":""}'.length)}"}`;

export default replaying({
  id: 'post-10k',
  about: 'POST of 10 KB, 64 connections',
  requests: () => [{ headers: ['Content-Type: application/json'], body }],
});
