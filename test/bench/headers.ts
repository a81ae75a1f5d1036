/** `npm run bench:headers`: MDN's HTTP Observatory judges a bare page, and the same page behind railguard. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../harness/ports.ts';
import { startRailguard } from '../harness/railguard.ts';

/** Kept out of package.json: it brings 230 packages, and only this run needs it. */
const OBSERVATORY = '@mdn/mdn-http-observatory@1.4.8';
const CACHE = path.resolve(import.meta.dirname, '../../node_modules/.cache/observatory');
const PAGE = '<!doctype html><html lang="en"><title>Bare</title><h1>Bare</h1></html>';
const STRICT =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const run = promisify(execFile);

interface Judged {
  readonly score: number;
  readonly grade: string;
  readonly marks: Readonly<Record<string, number>>;
}

/** Installs the Observatory once; needs the registry the first time, and nothing after. */
function observatory(): string {
  const home = path.join(CACHE, 'node_modules/@mdn/mdn-http-observatory');
  if (existsSync(path.join(home, 'conf/tld-list.json'))) return home;
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(path.join(CACHE, 'package.json'), '{"private":true}');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags, '--prefix', CACHE, OBSERVATORY], { stdio: 'inherit' });
  writeFileSync(path.join(home, 'conf/hsts-preload.json'), '{}');
  writeFileSync(path.join(home, 'conf/tld-list.json'), '[]');
  return home;
}

/** A certificate for localhost that the judge is told to trust. */
function certificate(): { cert: string; key: string } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'railguard-headers-'));
  const [cert, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...args, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

const listen = async (server: http.Server | https.Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
};

/** What the platform's edge does: plain http is sent to https. */
const redirectTo = (port: number) =>
  http.createServer((request, response) => {
    response.writeHead(301, { location: `https://localhost:${port}${request.url}` }).end();
  });

/** In a process of its own: the certificate is trusted by environment alone. */
async function judge(home: string, httpPort: number, httpsPort: number, cert: string): Promise<Judged> {
  const script = `
    const at = (file) => import(${JSON.stringify(`file://${home}/src/`)} + file);
    const { retrieve } = await at('retriever/retriever.js');
    const { ALL_TESTS } = await at('constants.js');
    const { getScoreModifier, getGradeForScore } = await at('grader/grader.js');
    const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await at('grader/charts.js');
    const seen = await retrieve('localhost', { httpPort: ${httpPort}, httpsPort: ${httpsPort} });
    const marks = Object.fromEntries(ALL_TESTS.map((test) => test(seen)).map(({ result }) => [result, getScoreModifier(result)]));
    const values = Object.values(marks);
    const sum = (list) => list.reduce((total, value) => total + value, 100);
    const plain = sum(values.filter((value) => value < 0));
    const { score, grade } = getGradeForScore(plain >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(values) : plain);
    console.log(JSON.stringify({ score, grade, marks }));
    process.exit(0);`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env,
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Judged;
}

async function judged(home: string, httpsPort: number, cert: string): Promise<Judged> {
  const front = redirectTo(httpsPort);
  try {
    return await judge(home, await listen(front), httpsPort, cert);
  } finally {
    front.close();
  }
}

function page(response: http.ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'text/html', server: 'bare/1.0', 'x-powered-by': 'bare' })
    .end(PAGE);
}

async function behindRailguard(
  home: string,
  cert: string,
  key: string,
  env: Record<string, string>,
): Promise<Judged> {
  const app = http.createServer((_request, response) => page(response));
  const upstream = `http://127.0.0.1:${await listen(app)}`;
  const own = { UPSTREAM_URL: upstream, TLS_CERT: cert, TLS_KEY: key };
  const railguard = await startRailguard({ port: await freePort(), env: { ...own, ...env } });
  try {
    return await judged(home, railguard.port, cert);
  } finally {
    await railguard.kill();
    app.close();
  }
}

const home = observatory();
const { cert, key } = certificate();
const bareApp = https.createServer(
  { cert: readFileSync(cert), key: readFileSync(key) },
  (_request, response) => page(response),
);
const barePort = await listen(bareApp);
const rows: readonly [name: string, least: number, judged: Judged][] = [
  ['bare app', 0, await judged(home, barePort, cert)],
  ['railguard, defaults', 120, await behindRailguard(home, cert, key, {})],
  ['railguard, strict CSP', 130, await behindRailguard(home, cert, key, { CSP: STRICT })],
];
bareApp.close();
bareApp.closeAllConnections();

for (const [name, least, { score, grade, marks }] of rows) {
  console.log(
    `${name.padEnd(24)}${String(score).padStart(4)}  ${grade.padEnd(3)}${least > 0 ? ` (at least ${least})` : ''}`,
  );
  if (process.argv.includes('--marks')) {
    for (const [mark, value] of Object.entries(marks))
      console.log(`    ${String(value).padStart(4)}  ${mark}`);
  }
}
process.exitCode = rows.some(([, least, { score }]) => score < least) ? 1 : 0;
