/** The step before the tests: the programs they run for real come from Debian, and are installed or named here. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';

/** The one list: [package, why the tests need it]. */
const PACKAGES = [
  ['python3-fastapi', 'the stand-in app of the integration tests'],
  ['python3-uvicorn', 'serves the stand-in app'],
  ['python3-httptools', "uvicorn's second HTTP parser"],
  ['python3-websockets', "uvicorn's WebSocket side"],
  ['python3-multipart', 'form uploads in the stand-in app'],
  ['python3-jwt', "the stand-in app's access and refresh tokens"],
  ['python3-asyncpg', "the stand-in app's own database pool"],
  ['redis-server', 'rate-limit and session stores'],
  ['pgbouncer', 'the pooler that is detected or managed'],
  ['prometheus', 'promtool checks the metrics and the alert rules'],
  ['chromium', 'the browser of the end-to-end tests'],
];

/** Debian's own interpreter, which sees Debian's packages; the one on PATH may be another. */
const PYTHON = '/usr/bin/python3';
const MODULES = ['fastapi', 'uvicorn', 'httptools', 'websockets', 'multipart', 'jwt', 'asyncpg'];
const POLICY = '/usr/sbin/policy-rc.d';

function missing() {
  const names = PACKAGES.map(([name]) => name);
  const asked = spawnSync('dpkg-query', ['--list', ...names], { encoding: 'utf8' });
  const installed = new Set();
  for (const line of (asked.stdout ?? '').split('\n')) {
    const row = /^.i\s+([^\s:]+)/.exec(line);
    if (row !== null) installed.add(row[1]);
  }
  return PACKAGES.filter(([name]) => !installed.has(name));
}

function aptGet(...args) {
  const done = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (done.status === 0) return;
  console.error(`apt-get ${args.join(' ')} failed with exit code ${done.status ?? done.signal}.`);
  process.exit(1);
}

/** Installs, and keeps Debian from starting the services that come along: exit 101 means "not allowed". */
function install(names) {
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY, 0o755);
  }
  const undo = () => ownPolicy && rmSync(POLICY, { force: true });
  process.once('exit', undo);
  aptGet('-qq', 'update');
  aptGet('-qq', '-y', '--no-install-recommends', 'install', ...names);
}

/** dpkg may say yes while the interpreter says no (another Python as /usr/bin/python3). */
function checkImports() {
  const script =
    'import importlib.util as u, sys\nprint(" ".join(m for m in sys.argv[1:] if u.find_spec(m) is None))';
  const asked = spawnSync(PYTHON, ['-c', script, ...MODULES], { encoding: 'utf8' });
  const absent = (asked.stdout ?? '').trim();
  if (asked.status === 0 && absent === '') return;
  console.error(`${PYTHON} can not import: ${absent || asked.stderr || asked.error?.message}`);
  process.exit(1);
}

const wanted = missing();
if (wanted.length > 0) {
  const names = wanted.map(([name]) => name);
  console.error('The tests need Debian packages that are missing:');
  for (const [name, why] of wanted) console.error(`  ${name.padEnd(20)} ${why}`);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    console.error(
      `On Debian, install them with:\n  sudo apt-get install --no-install-recommends ${names.join(' ')}`,
    );
    process.exit(1);
  }
  console.error('Installing them.');
  install(names);
}
checkImports();
