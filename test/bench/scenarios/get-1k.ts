/** The common request: a GET answered with 1 KB of JSON, by every peer. */
import { cpuTo, replaying } from './replaying.ts';

export default replaying({
  id: 'get-1k',
  about: 'GET of 1 KB of JSON, 64 connections, one token',
  peers: [
    'direct',
    'railguard',
    'railguard-full',
    'railguard-full-standard',
    'railguard-bare',
    'haproxy-full',
    'haproxy',
    'http-proxy',
    'nginx',
    'caddy',
  ],
  ratios: cpuTo('haproxy-full', 'haproxy', 'http-proxy'),
  requests: () => [{}],
});
