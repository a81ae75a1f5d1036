/** Who is measured: how each proxy of the comparison is started in front of the same upstream. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claims, hs, SECRET } from '../harness/tokens.ts';
import { type Command, installed } from './processes.ts';

/** Where one peer runs. */
export interface Place {
  readonly port: number;
  readonly adminPort: number;
  /** host:port of the app. */
  readonly upstream: string;
  /** A folder to write to, gone after the run. */
  readonly scratch: string;
}

export interface Peer {
  readonly id: string;
  readonly label: string;
  /** Fields that its load carries, as `Name: value`. */
  readonly headers?: readonly string[];
  /** Undefined when it is not installed here. */
  command(place: Place): Command | undefined;
}

const here = import.meta.dirname;
const body = `{"data":"${'x'.repeat(1024 - '{"data":""}'.length)}"}`;

/** The limit is out of reach, so that every request passes and pays for every filter. */
const LIMIT_OUT_OF_REACH = { RATE_LIMIT_ROUTES: '/*=1000000/s' };

/** One user's token, as a browser sends it with each request. */
const BEARER = [`Authorization: Bearer ${hs(claims({ exp: Math.floor(Date.now() / 1000) + 86_400 }))}`];

export const peers: readonly Peer[] = [
  { id: 'railguard', label: 'railguard', command: (place) => railguard(place, LIMIT_OUT_OF_REACH) },
  {
    id: 'railguard-unlimited',
    label: 'railguard, no rate limits',
    command: (place) => railguard(place, { ENABLE_RATE_LIMITING: 'false' }),
  },
  {
    id: 'railguard-unlogged',
    label: 'railguard, no performance logs',
    command: (place) => railguard(place, { ...LIMIT_OUT_OF_REACH, PERFORMANCE_LOGS: 'false' }),
  },
  {
    id: 'railguard-bearer',
    label: 'railguard, a bearer it does not check',
    headers: BEARER,
    command: (place) => railguard(place, LIMIT_OUT_OF_REACH),
  },
  {
    id: 'railguard-jwt',
    label: 'railguard, the bearer verified, its session kept',
    headers: BEARER,
    command: (place) => railguard(place, { ...LIMIT_OUT_OF_REACH, JWT_SECRET_KEY: SECRET }),
  },
  {
    id: 'http-proxy',
    label: 'bare http-proxy',
    command: ({ port, upstream }) => node('peers/http-proxy.mjs', String(port), `http://${upstream}`),
  },
  {
    id: 'nginx',
    label: 'bare nginx',
    command: (place) => program('nginx', '-e', 'stderr', '-c', fill('nginx.conf', place)),
  },
  {
    id: 'haproxy',
    label: 'bare HAProxy',
    command: (place) => program('haproxy', '-db', '-f', fill('haproxy.cfg', place)),
  },
  {
    id: 'caddy',
    label: 'bare Caddy',
    command: (place) =>
      program('caddy', 'run', '--adapter', 'caddyfile', '--config', fill('Caddyfile', place)),
  },
];

/** The app: nginx where installed, because it leaves most of the load's core to the load. */
export function upstream(place: Place, own: boolean): Command {
  const nginx = own ? undefined : program('nginx', '-e', 'stderr', '-c', fill('upstream.conf', place));
  return nginx ?? node('upstream.ts', String(place.port), body);
}

function railguard(place: Place, env: Record<string, string>): Command {
  return {
    argv: [process.execPath, join(here, '../../dist/main.js'), 'serve'],
    env: {
      HOST: '127.0.0.1',
      PORT: String(place.port),
      ADMIN_PORT: String(place.adminPort),
      UPSTREAM_URL: `http://${place.upstream}`,
      JSON_LOGS: 'true',
      PERFORMANCE_LOGS: 'true',
      ...env,
    },
  };
}

function node(script: string, ...args: string[]): Command {
  return { argv: [process.execPath, '--disable-warning=DEP0060', join(here, script), ...args] };
}

function program(name: string, ...args: string[]): Command | undefined {
  const path = installed(name);
  return path === undefined ? undefined : { argv: [path, ...args] };
}

/** Writes a configuration with the place filled in, and returns its path. */
function fill(template: string, place: Place): string {
  const values: Record<string, string> = {
    PORT: String(place.port),
    UPSTREAM: place.upstream,
    SCRATCH: place.scratch,
    BODY: body,
  };
  const text = readFileSync(join(here, 'peers', template), 'utf8');
  const path = join(place.scratch, template);
  writeFileSync(
    path,
    text.replace(/@([A-Z]+)@/g, (mark, name: string) => values[name] ?? mark),
  );
  return path;
}
