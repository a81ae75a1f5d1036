/** What one client, and all of them together, may take: bytes, time, connections. */
import { duration, int, size } from './var.ts';

export const limits = {
  maxHeaderSize: size('MAX_HEADER_SIZE', {
    default: '32kb',
    min: '1kb',
    max: '1mb',
    doc: "A request's header fields in all; more gets 431.",
  }),
  maxHeaders: int('MAX_HEADERS', {
    default: '200',
    min: 10,
    max: 10_000,
    doc: "Number of a request's header fields; more gets 431.",
  }),
  maxUrlLength: size('MAX_URL_LENGTH', {
    default: '16kb',
    min: '256b',
    max: '1mb',
    doc: 'Length of a request target; more gets 414.',
  }),
  maxBodySize: size('MAX_BODY_SIZE', {
    default: '100mb',
    doc: 'Length of a request body; more gets 413. 0 = no limit.',
  }),
  maxUpstreamHeaderSize: size('MAX_UPSTREAM_HEADER_SIZE', {
    default: '64kb',
    min: '1kb',
    max: '1mb',
    doc: "Header fields of the app's response in all; more gets 502.",
  }),
  headerTimeout: duration('HEADER_TIMEOUT', {
    default: '15s',
    min: '1ms',
    max: '24d',
    doc: "Time for a request's header to arrive; then 408.",
  }),
  bodyTimeout: duration('BODY_TIMEOUT', {
    default: '300s',
    min: '1ms',
    max: '24d',
    doc: "Time for a request's body to arrive; then 408.",
  }),
  writeTimeout: duration('WRITE_TIMEOUT', {
    default: '60s',
    min: '1ms',
    max: '24d',
    doc: 'Time in which a client may take no byte of its response before it is cut off.',
  }),
  keepaliveTimeout: duration('KEEPALIVE_TIMEOUT', {
    default: '75s',
    min: '1ms',
    max: '24d',
    doc: "Time an idle client connection is kept; stay above the edge's own (Railway: 60s).",
  }),
  maxConnections: int('MAX_CONNECTIONS', {
    default: '10000',
    min: 1,
    max: 1_000_000,
    doc: 'Client connections at most; more get 503 and are closed.',
  }),
  maxInFlight: int('MAX_IN_FLIGHT', {
    default: '1000',
    min: 1,
    max: 1_000_000,
    doc: 'Requests under way at most; more get 503.',
  }),
  maxEventLoopDelay: duration('MAX_EVENT_LOOP_DELAY', {
    default: '100ms',
    max: '60s',
    doc: 'How late the event loop may run for a while before some new requests get 503. 0 = no limit.',
  }),
  maxHttp2Streams: int('MAX_HTTP2_STREAMS', {
    default: '100',
    min: 1,
    max: 10_000,
    doc: 'Streams that one HTTP/2 connection may have open.',
  }),
};
