/** Clients that do not keep their connection: a new one for every request. */
import { columns, replaying } from './replaying.ts';

export default replaying({
  id: 'connect',
  about: 'GET of 1 KB, a new connection for each, 64 at a time',
  columns: columns('connection'),
  requests: () => [{ headers: ['Connection: close'] }],
});
