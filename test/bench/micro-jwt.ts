/** What the identity filters cost a request: with a token that is known, with one that must be verified, with one never seen before. */
import { writeSync } from 'node:fs';
import { Audit, LogAudit, RingAudit } from '../../core/audit.ts';
import type { Core } from '../../core/core.ts';
import { Lifecycle } from '../../core/lifecycle.ts';
import { createLog } from '../../core/logger.ts';
import { Metrics } from '../../core/metrics.ts';
import { Redactor } from '../../core/redact.ts';
import { Exchange, type Filter } from '../../proxy/exchange.ts';
import { HeaderBlock } from '../../proxy/header-block.ts';
import { openIdentity } from '../../proxy/identity/identity.ts';
import type { IdentitySettings } from '../../proxy/identity/settings.ts';
import { claims, hs, pair, SECRET, signed } from '../harness/tokens.ts';

/** Bounds that the run is judged by, in microseconds of CPU a request. */
const MOST_CACHED = 2;
const MOST_UNCACHED = 15;
const MINUTE = 61_000;

const time = { now: Date.now() };
const redactor = new Redactor({ secrets: [{ name: 'JWT_SECRET_KEY', value: SECRET }] });
const sink = {
  dropped: { debug: 0, info: 0, warn: 0, error: 0 },
  write() {},
  flush: () => Promise.resolve(),
};
const core: Core = {
  log: createLog({ level: 'info', json: true, redact: (line) => redactor.text(line), sink }),
  metrics: new Metrics({ version: 'bench' }),
  clock: { now: () => time.now, monotonic: () => time.now },
  lifecycle: new Lifecycle(),
  redactor,
  version: 'bench',
};
const rsa = pair('RS256', 'bench');
const settings: IdentitySettings = {
  mode: 'verify',
  secretKey: { reveal: () => SECRET },
  publicKey: String(rsa.publicKey.export({ format: 'pem', type: 'spki' })),
  jwksUrl: undefined,
  algorithms: ['HS256', 'RS256'],
  issuers: [],
  audiences: [],
  clockTolerance: 0,
  requiredClaims: ['sub', 'exp'],
  refusedTypes: ['refresh'],
  publicPaths: ['/health', '/docs/*'],
  loginPaths: ['/login'],
  cookie: undefined,
  keyPattern: /^mk-[A-Za-z0-9_-]{43}$/,
  failuresBeforeBlock: 20,
  blockTime: 900_000,
};
const identity = openIdentity(
  settings,
  { idle: 86_400_000, absolute: 0, concurrent: 0, backend: 'memory' },
  {
    core,
    audit: new Audit({ ...core, sinks: [new RingAudit(), new LogAudit(core.log)] }),
    redis: undefined,
    salt: SECRET,
  },
);
const filters = [identity.authBlock, identity.jwt, identity.session].filter((one) => one !== undefined);
const client = {
  address: '203.0.113.7',
  peer: '203.0.113.7',
  scheme: 'https',
  host: 'a',
  trusted: false,
} as const;

/** The request of a browser, opened as the listener does. */
function open(token: string | undefined): Exchange {
  const fields = ['Host', 'app.test', 'Accept', '*/*', 'User-Agent', 'bench', 'Accept-Encoding', 'gzip'];
  if (token !== undefined) fields.push('Authorization', `Bearer ${token}`);
  const headers = new HeaderBlock(fields);
  const head = { kind: 'http', version: '1.1', method: 'GET', target: '/api/a', path: '/api/a' } as const;
  return new Exchange(
    { ...head, ambiguous: false, authority: 'app.test', headers, body: undefined },
    client,
    0,
  );
}

function run(chain: readonly Filter[], x: Exchange): void {
  for (const filter of chain) {
    if (filter.request?.(x) !== undefined) throw new Error(`${filter.name} answered, or had to wait`);
  }
}

/** Microseconds of processor time a call: the median of rounds, so that a busy neighbour does not decide. */
function cost(rounds: number, calls: number, act: (i: number) => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let i = 0; i < calls; i++) act(round * calls + i);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / calls);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] as number;
}

/** The app's own claims, so that the token has the app's size. */
const appClaims = (more: object) =>
  claims({
    ...{ username: 'ada', email: 'ada@app.test', roles: ['developer'], permissions: ['code:execute'] },
    ...{ mfa_verified: false, exp: Math.floor(time.now / 1000) + 400 * 86_400, ...more },
  });
const known = hs(appClaims({}));
const fresh = Array.from({ length: 45_000 }, (_, i) => hs(appClaims({ sub: `user-${i}` })));

const bare = cost(11, 50_000, () => run([], open(known)));
const none =
  cost(11, 50_000, () => run(filters, open(undefined))) - cost(11, 50_000, () => run([], open(undefined)));
const cached = cost(11, 50_000, () => run(filters, open(known))) - bare;
const verified =
  cost(11, 10_000, () => {
    time.now += MINUTE;
    run(filters, open(known));
  }) - bare;
time.now = Date.now() + 3_600_000;
const first = cost(9, 5000, (i) => run(filters, open(fresh[i]))) - bare;
const rs = signed(rsa, appClaims({}));
const start = process.cpuUsage();
for (let i = 0; i < 5000; i++) {
  time.now += MINUTE;
  await identity.jwt?.request?.(open(rs));
}
const used = process.cpuUsage(start);

const rows: [string, number][] = [
  ['no token presented', none],
  ['HS256, known', cached],
  ['HS256, to be verified', verified],
  ['HS256, never seen: verified, audited, logged', first],
  ['RS256, to be verified (other threads included)', (used.user + used.system) / 5000],
];
writeSync(
  1,
  `identity filters, µs of CPU a request (median of rounds; a token of ${known.length} characters)\n`,
);
for (const [what, figure] of rows) writeSync(1, `  ${what.padEnd(48)} ${figure.toFixed(2)}\n`);
const kept = cached < MOST_CACHED && verified < MOST_UNCACHED;
writeSync(
  1,
  `${kept ? '✓' : '✗'} a known token below ${MOST_CACHED} µs, a verified one below ${MOST_UNCACHED} µs\n`,
);
process.exitCode = kept ? 0 : 1;
