/** From an environment to a Config: defaults where railguard runs, every error at once, `.env`, warnings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Config, load } from '../../../config/load.ts';
import { variables } from '../../../config/sections.ts';
import type { Env } from '../../../config/var.ts';
import { first, second } from './certificates.ts';

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'railguard-load-'));
});
beforeEach(() => rmSync(join(cwd, '.env'), { force: true, recursive: true }));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function good(env: Env, tty = false): Config {
  const loaded = load(env, { cwd, tty });
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

function errors(env: Env): string[] {
  const loaded = load(env, { cwd });
  return 'errors' in loaded ? loaded.errors : [];
}

const warnings = (env: Env): string[] => load(env, { cwd }).warnings;

describe('defaults', () => {
  it('are those of the reference, off Railway', () => {
    const { listeners, upstream, limits, client, logs } = good({});
    expect(listeners).toMatchObject({
      port: 8080,
      host: '::',
      adminPort: 9090,
      adminHost: '127.0.0.1',
      adminToken: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      healthCheckPath: '/health',
      shutdownTimeout: 25_000,
      workers: 1,
    });
    expect(upstream).toMatchObject({
      url: new URL('http://127.0.0.1:8000'),
      connectTimeout: 5000,
      responseTimeout: 300_000,
      idleTimeout: 300_000,
      keepalive: 4000,
      maxConnections: 256,
      hostHeader: 'preserve',
      appPort: 8000,
    });
    expect(limits).toMatchObject({
      maxHeaderSize: 32_768,
      maxHeaders: 200,
      maxUrlLength: 16_384,
      maxBodySize: 104_857_600,
      maxUpstreamHeaderSize: 65_536,
      headerTimeout: 15_000,
      bodyTimeout: 300_000,
      writeTimeout: 60_000,
      keepaliveTimeout: 75_000,
      maxConnections: 10_000,
      maxInFlight: 1000,
      maxHttp2Streams: 100,
    });
    expect(client).toMatchObject({ ipSource: 'socket', trustedProxies: [] });
    expect(logs).toMatchObject({ environment: 'development', level: 'info', performanceLogs: true });
  });

  it('believe X-Real-IP from any peer on Railway', () => {
    const { client } = good({ RAILWAY_ENVIRONMENT_ID: 'e', ENVIRONMENT: 'production' });
    expect(client).toMatchObject({ ipSource: 'x-real-ip', trustedProxies: ['0.0.0.0/0', '::/0'] });
  });

  it('believe nobody when the operator says so, on Railway too', () => {
    const { client } = good({
      RAILWAY_ENVIRONMENT_ID: 'e',
      CLIENT_IP_SOURCE: 'socket',
      TRUSTED_PROXIES: 'none',
    });
    expect(client).toMatchObject({ ipSource: 'socket', trustedProxies: [] });
  });

  it('open the admin port beyond loopback only with a token', () => {
    expect(good({ ADMIN_TOKEN: 't'.repeat(32) }).listeners.adminHost).toBe('::');
    expect(good({ ADMIN_TOKEN: '  ' }).listeners.adminHost).toBe('127.0.0.1');
  });

  it('write JSON in production and off a terminal', () => {
    expect(good({}, true).logs.json).toBe(false);
    expect(good({}, false).logs.json).toBe(true);
    expect(good({ ENVIRONMENT: 'production' }, true).logs.json).toBe(true);
    expect(good({ ENVIRONMENT: 'Prod' }, true).logs).toMatchObject({ json: true, environment: 'production' });
    expect(good({ JSON_LOGS: 'off' }, false).logs.json).toBe(false);
  });

  it('hold where a variable is set to nothing', () => {
    const blank = Object.fromEntries(variables.map((declared) => [declared.name, ' ']));
    expect(good(blank)).toEqual(good({}));
  });
});

describe('errors', () => {
  it('come all at once, each with its variable and the mend', () => {
    expect(
      errors({
        PORT: '99999',
        ADMIN_TOKEN: 'hunter2',
        UPSTREAM_CONNECT_TIMEOUT: '5 apples',
        MAX_BODY_SIZE: 'lots',
        TRUSTED_PROXIES: '10.0.0.0/8,everyone',
        LOG_LEVEL: 'loud',
        HEADER_TIMEOUT: '10m',
      }),
    ).toEqual([
      'PORT: `99999` is not a port; use 1 to 65535, or 0 for any free one',
      'ADMIN_TOKEN: is shorter than 32 characters; make one with `openssl rand -base64 48`',
      'UPSTREAM_CONNECT_TIMEOUT: `5 apples` is not a duration; use 30, 500ms, 30s or 5m',
      'MAX_BODY_SIZE: `lots` is not a size; use 1024, 32kb or 100mb',
      'TRUSTED_PROXIES: `everyone` is not a network; use 10.0.0.0/8, 2001:db8::/32 or one address',
      'LOG_LEVEL: `loud` is none of its values; use debug, info, warn, error',
      'HEADER_TIMEOUT: is longer than BODY_TIMEOUT; make it shorter, or BODY_TIMEOUT longer',
    ]);
  });

  it('never hold the value of a secret, whatever is wrong with it', () => {
    const value = 'Zq7-shh\n';
    const all = Object.fromEntries(variables.filter((one) => one.secret).map((one) => [one.name, value]));
    const found = errors(all);
    expect(found.length).toBeGreaterThan(1);
    expect(found.join('\n')).not.toContain('Zq7-shh');
  });

  it('refuse an admin token that no header can carry', () => {
    expect(errors({ ADMIN_TOKEN: `${'t'.repeat(40)}\n` })).toEqual([
      'ADMIN_TOKEN: holds a blank or a character that no header can carry',
    ]);
  });

  it.each([
    [{ PORT: '9090' }, 'ADMIN_PORT: is 9090, as PORT is; give it a port of its own'],
    [{ PORT: '8000' }, "UPSTREAM_URL: points at railguard's own PORT 8000; give the app another port"],
    [
      { UPSTREAM_URL: 'http://[::1]:9090' },
      "UPSTREAM_URL: points at railguard's own ADMIN_PORT 9090; give the app another port",
    ],
    [{ TLS_CERT: first.certificate }, 'TLS_KEY: TLS_CERT is set without TLS_KEY; set both, or neither'],
    [{ TLS_KEY: first.key }, 'TLS_KEY: TLS_KEY is set without TLS_CERT; set both, or neither'],
    [
      { TLS_CERT: first.certificate, TLS_KEY: second.key },
      'TLS_KEY: does not belong to the first certificate of TLS_CERT; put the leaf first, or give its key',
    ],
  ])('see what does not go together (%#)', (env, error) => {
    expect(errors(env as Env)).toEqual([error]);
  });

  it('do not judge together what is bad on its own', () => {
    expect(errors({ PORT: 'x', ADMIN_PORT: '8000', UPSTREAM_URL: 'http://app.test' })).toHaveLength(1);
  });

  it('let both ports be any free one', () => {
    expect(good({ PORT: '0', ADMIN_PORT: '0' }).listeners).toMatchObject({ port: 0, adminPort: 0 });
  });
});

describe('TLS', () => {
  it('takes PEM by value, with escaped line ends, and by path', () => {
    writeFileSync(join(cwd, 'tls.key'), first.key);
    const { listeners } = good({
      TLS_CERT: first.certificate.replaceAll('\n', '\\n'),
      TLS_KEY: 'tls.key',
    });
    expect(listeners.tlsCert?.trim()).toBe(first.certificate.trim());
    expect(listeners.tlsKey?.reveal()).toBe(first.key);
  });

  it('says what is wrong with a file, without naming what may be a key', () => {
    writeFileSync(join(cwd, 'empty.pem'), '');
    expect(errors({ TLS_CERT: 'empty.pem', TLS_KEY: 'bm90LWEtcGF0aA==' })).toEqual([
      'TLS_CERT: the file holds no PEM (`-----BEGIN …`)',
      "TLS_KEY: the file can not be read (ENOENT); give a readable file's path or the PEM itself",
    ]);
  });

  it('refuses a key for a certificate and a certificate for a key', () => {
    expect(errors({ TLS_CERT: first.key, TLS_KEY: first.certificate })).toEqual([
      'TLS_CERT: is not a certificate; give PEM that begins with `-----BEGIN CERTIFICATE-----`',
      'TLS_KEY: is not an unencrypted private key; give PEM that begins with `-----BEGIN PRIVATE KEY-----`',
    ]);
  });
});

describe('.env', () => {
  it('is read outside production, and a real variable wins', () => {
    writeFileSync(join(cwd, '.env'), '# mine\nPORT=8181\nLOG_LEVEL="debug"\nexport MAX_HEADERS=50\n');
    const config = good({ PORT: '8282' });
    expect(config.listeners.port).toBe(8282);
    expect(config.logs.level).toBe('debug');
    expect(config.limits.maxHeaders).toBe(50);
  });

  it('is not read in production', () => {
    writeFileSync(join(cwd, '.env'), 'PORT=8181\n');
    expect(good({ ENVIRONMENT: 'production' }).listeners.port).toBe(8080);
  });

  it('is an error when it is there and can not be read', () => {
    rmSync(join(cwd, '.env'), { force: true });
    expect(errors({})).toEqual([]);
    const elsewhere = join(cwd, 'tls.key');
    writeFileSync(elsewhere, 'x');
    const loaded = load({}, { cwd: elsewhere });
    expect('errors' in loaded && loaded.errors[0]).toMatch(/^\.env: .* can not be read \(ENOTDIR\)/);
  });
});

describe('warnings', () => {
  it('name an unknown variable that is nearly one of ours', () => {
    writeFileSync(join(cwd, '.env'), 'LOG_LEVLE=debug\n');
    expect(warnings({ UPSTREAM_URI: 'http://app.test', HOME: '/root', PATH: '/bin', PORTS: '1' })).toEqual([
      '`LOG_LEVLE` is not a variable of railguard; did you mean LOG_LEVEL?',
      '`UPSTREAM_URI` is not a variable of railguard; did you mean UPSTREAM_URL?',
    ]);
  });

  it('are none for the plainest start, and none for a good one on Railway', () => {
    expect(warnings({})).toEqual([]);
    expect(warnings({ RAILWAY_ENVIRONMENT_ID: 'e', ENVIRONMENT: 'production' })).toEqual([]);
  });

  it.each([
    [{ CLIENT_IP_SOURCE: 'x-forwarded-for' }, /^CLIENT_IP_SOURCE: .*TRUSTED_PROXIES/],
    [{ ADMIN_HOST: '0.0.0.0' }, /^ADMIN_TOKEN: is not set/],
    [
      { RAILWAY_ENVIRONMENT_ID: 'e', ENVIRONMENT: 'production', KEEPALIVE_TIMEOUT: '5s' },
      /^KEEPALIVE_TIMEOUT: .*65s/,
    ],
    [{ RAILWAY_ENVIRONMENT_ID: 'e' }, /^ENVIRONMENT: is not set/],
  ])('say what will surprise (%#)', (env, pattern) => {
    expect(warnings(env as Env)).toEqual([expect.stringMatching(pattern)]);
  });
});

describe('the Config', () => {
  it('is frozen all the way down', () => {
    const config = good({});
    const open = [config, ...Object.values(config)].filter((part) => !Object.isFrozen(part));
    expect(open).toEqual([]);
    expect(Object.isFrozen(config.client.trustedProxies)).toBe(true);
    expect(() => Object.assign(config.listeners, { port: 1 })).toThrow(TypeError);
  });

  it('does not print a secret', () => {
    const token = 'Zq'.repeat(20);
    expect(JSON.stringify(good({ ADMIN_TOKEN: token }))).not.toContain(token);
  });

  it('leaves the environment it was given as it was', () => {
    const env = Object.freeze({ PORT: '8081' });
    expect(good(env).listeners.port).toBe(8081);
  });
});

describe('every declaration', () => {
  it('has a name of its own, a sentence, and a default that it takes itself', () => {
    const names = variables.map((declared) => declared.name);
    expect(new Set(names).size).toBe(names.length);
    for (const declared of variables) {
      expect(declared.name).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(declared.doc, declared.name).toMatch(/^\S.*[.]$/s);
    }
    expect(errors({})).toEqual([]);
  });
});
