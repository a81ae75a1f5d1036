/** How much passes through: a GET answered with 1 MB. */
import { columns, cpuTo, replaying } from './replaying.ts';

export default replaying({
  id: 'get-1m',
  about: 'GET of 1 MB, 64 connections',
  columns: [{ key: 'megabytes', head: 'MB/s', digits: 0 }, ...columns('request')],
  ratios: [{ of: 'megabytes', to: 'haproxy-full', head: 'MB/s × haproxy-full' }, ...cpuTo('haproxy-full')],
  requests: () => [{ path: '/1m' }],
});
