/** The two ports: where they listen, with what certificate, and how they stop. */
import { certificate, privateKey } from './pem.ts';
import { isSet } from './platform.ts';
import { choice, duration, host, int, path, port, secret } from './var.ts';

const sendable = (text: string): string | undefined =>
  /^[\x21-\x7e]+$/.test(text) ? undefined : 'holds a blank or a character that no header can carry';

export const listeners = {
  port: port('PORT', { default: '8080', doc: "Public port, for the app's traffic." }),
  host: host('HOST', {
    default: '::',
    doc: 'Address the public port listens on; `::` takes IPv4 and IPv6, `0.0.0.0` IPv4 alone.',
  }),
  adminPort: port('ADMIN_PORT', { default: '9090', doc: 'Port of health, metrics and the dashboard.' }),
  adminHost: host('ADMIN_HOST', {
    default: {
      from: ({ env }) => (isSet(env, 'ADMIN_TOKEN') ? '::' : '127.0.0.1'),
      text: '`::` when `ADMIN_TOKEN` is set, else `127.0.0.1`',
    },
    doc: 'Address the admin port listens on; keep it on the private network.',
  }),
  adminToken: secret('ADMIN_TOKEN', {
    min: 32,
    check: sendable,
    doc: 'Bearer token of the admin port; without one, only loopback may read what is not public.',
  }),
  tlsCert: certificate('TLS_CERT', {
    doc: 'Certificate chain of the public port; together with `TLS_KEY` it turns TLS on.',
  }),
  tlsKey: privateKey('TLS_KEY', { doc: 'Private key that belongs to `TLS_CERT`.' }),
  healthCheckPath: path('HEALTH_CHECK_PATH', {
    default: '/health',
    doc: 'Path on the public port that railguard answers itself, for the platform to ask.',
  }),
  shutdownTimeout: duration('SHUTDOWN_TIMEOUT', {
    default: '25s',
    max: '24d',
    doc: 'Time that requests in flight get to finish after SIGTERM.',
  }),
  responsePath: choice('RESPONSE_PATH', ['auto', 'direct', 'standard'], {
    default: 'auto',
    doc: 'How HTTP/1.1 answers are written: `direct` is one write to the socket, `standard` goes through Node; `auto` tries `direct` at start.',
  }),
  workers: int('WORKERS', {
    default: '1',
    min: 1,
    max: 128,
    doc: 'Processes that share the public port, and every limit; one a core.',
  }),
};
