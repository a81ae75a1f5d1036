/** The app behind railguard: where it is, and how long it may take. */
import { choice, duration, int, port, url } from './var.ts';

export const upstream = {
  url: url('UPSTREAM_URL', {
    schemes: ['http', 'https', 'h2c'],
    originOnly: true,
    default: 'http://127.0.0.1:8000',
    doc: 'The app; `h2c` speaks HTTP/2 to it without TLS.',
  }),
  connectTimeout: duration('UPSTREAM_CONNECT_TIMEOUT', {
    default: '5s',
    min: '1ms',
    max: '24d',
    doc: 'Time to open a connection to the app.',
  }),
  responseTimeout: duration('UPSTREAM_RESPONSE_TIMEOUT', {
    default: '300s',
    min: '1ms',
    max: '24d',
    doc: "Time from the request's end to the head of the app's response.",
  }),
  idleTimeout: duration('UPSTREAM_IDLE_TIMEOUT', {
    default: '300s',
    min: '1ms',
    max: '24d',
    doc: "Silence allowed between two bytes of the app's response.",
  }),
  keepalive: duration('UPSTREAM_KEEPALIVE', {
    default: '4s',
    max: '24d',
    doc: "Time an idle connection to the app is kept for reuse; stay below the app's own (uvicorn: 5s). 0 = no reuse.",
  }),
  maxConnections: int('UPSTREAM_MAX_CONNECTIONS', {
    default: '256',
    min: 1,
    max: 65_535,
    doc: 'Connections to the app at most, tunnels (WebSocket) aside.',
  }),
  hostHeader: choice('UPSTREAM_HOST_HEADER', ['preserve', 'upstream'], {
    default: 'preserve',
    doc: "The `Host` the app sees: the client's, or that of `UPSTREAM_URL`.",
  }),
  appPort: port('APP_PORT', {
    default: '8000',
    doc: 'Port that `railguard exec` gives to the app it starts, as `PORT`.',
  }),
};
