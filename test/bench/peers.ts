/** Who is measured: how each proxy of the comparison is started in front of the same app. */
import { join } from 'node:path';
import { HOST, ORIGIN, SECRET } from './load/requests.ts';
import { type Command, installed } from './processes.ts';
import { fill } from './template.ts';

/** Where one peer runs. */
export interface Place {
  readonly port: number;
  readonly adminPort: number;
  /** Port of the app. */
  readonly upstream: number;
  /** A folder to write to, gone after the run. */
  readonly scratch: string;
}

type Settings = Readonly<Record<string, string>>;

export interface Peer {
  readonly id: string;
  readonly label: string;
  /** Undefined when it is not installed here. `settings` are more variables for railguard. */
  command(place: Place, settings: Settings): Command | undefined;
}

/** The limit is out of reach, so that every request passes and pays for every filter. */
const LIMIT_OUT_OF_REACH = { RATE_LIMIT_ROUTES: '/*=1000000/s' };

/** Every filter has something to do, and every request its log line. */
const FULL = {
  ...LIMIT_OUT_OF_REACH,
  TRUSTED_HOSTS: `${HOST},localhost`,
  CORS_ORIGINS: ORIGIN,
  JWT_SECRET_KEY: SECRET,
  LOG_MAX_PER_SECOND: '0',
};

/** What the configuration can switch off. */
const BARE = {
  ENABLE_RATE_LIMITING: 'false',
  ENABLE_CORS: 'false',
  ENABLE_SECURITY_HEADERS: 'false',
  PERFORMANCE_LOGS: 'false',
  LOG_LEVEL: 'error',
  OPENAPI: 'off',
};

export const peers: readonly Peer[] = [
  railguard('railguard', 'railguard, defaults', LIMIT_OUT_OF_REACH),
  railguard('railguard-full', 'railguard, all features', FULL),
  railguard('railguard-full-standard', 'railguard, all features, standard path', {
    ...FULL,
    RESPONSE_PATH: 'standard',
  }),
  railguard('railguard-bare', 'railguard, all switched off', BARE),
  {
    id: 'http-proxy',
    label: 'bare http-proxy',
    command: ({ port, upstream }) => ({
      argv: [
        process.execPath,
        '--disable-warning=DEP0060',
        join(import.meta.dirname, 'peers/http-proxy.mjs'),
        String(port),
        `http://127.0.0.1:${upstream}`,
      ],
    }),
  },
  program('haproxy-full', 'HAProxy, the same features', 'haproxy', ['-db', '-f'], 'haproxy-full.cfg'),
  program('haproxy', 'bare HAProxy', 'haproxy', ['-db', '-f'], 'haproxy.cfg'),
  program('nginx', 'bare nginx', 'nginx', ['-e', 'stderr', '-c'], 'nginx.conf'),
  program('caddy', 'bare Caddy', 'caddy', ['run', '--adapter', 'caddyfile', '--config'], 'Caddyfile'),
];

function railguard(id: string, label: string, env: Settings): Peer {
  return {
    id,
    label,
    command: (place, settings) => ({
      argv: [process.execPath, join(import.meta.dirname, '../../dist/main.js'), 'serve'],
      env: {
        HOST: '127.0.0.1',
        PORT: String(place.port),
        ADMIN_PORT: String(place.adminPort),
        UPSTREAM_URL: `http://127.0.0.1:${place.upstream}`,
        JSON_LOGS: 'true',
        ...env,
        ...settings,
      },
    }),
  };
}

/** A program with a configuration of `peers/`. */
function program(id: string, label: string, name: string, args: readonly string[], config: string): Peer {
  return {
    id,
    label,
    command({ port, adminPort, upstream, scratch }) {
      const path = installed(name);
      if (path === undefined) return undefined;
      const marks = { PORT: port, ADMINPORT: adminPort, UPSTREAM: `127.0.0.1:${upstream}`, SCRATCH: scratch };
      return { argv: [path, ...args, fill(config, scratch, { ...marks, HOST, ORIGIN, SECRET })] };
    },
  };
}
