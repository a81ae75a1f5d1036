/** What one rate limit decision in memory costs, and what a million keys in a minute do to it and to memory. */
import { systemClock } from '../../core/clock.ts';
import { clientKey } from '../../proxy/client-key.ts';
import { definePolicy } from '../../proxy/stores/gcra.ts';
import { MemoryStore } from '../../proxy/stores/memory.ts';

const policy = definePolicy('default', 50, 60, 10);
const KEYS = 1_000_000;
const MINUTE = 60e6;
/** Bounds that the run is judged by. */
const MOST_MICROSECONDS = 1;
const MOST_GROWTH = 64 * 1024 * 1024;

const megabytes = (bytes: number) => `${(bytes / 1048576).toFixed(1)} MB`;
const address = (i: number) => `2001:db8:${(i >>> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`;

/** Microseconds of processor time a call: the median of rounds, so that a busy neighbour does not decide. */
function cost(rounds: number, calls: number, run: (i: number) => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let i = 0; i < calls; i++) run(round * calls + i);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / calls);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] as number;
}

const results: [string, number][] = [];
// Flat strings, and made before: what is measured from here on is the store, not the benchmark's own keys.
const flat = (text: string) => Buffer.from(text).toString('latin1');
const keys = Array.from({ length: KEYS }, (_, i) => flat(`c:${clientKey(address(i))}`));
globalThis.gc?.();
const before = process.memoryUsage().rss;

const store = new MemoryStore(systemClock);
let now = 0;
const after = (microseconds: number): number => {
  now += microseconds;
  return now;
};
results.push([
  'one key, over its limit',
  cost(9, 200_000, () => store.decide('c:203.0.113.7', policy, after(1))),
]);
results.push([
  '10,000 keys, as they come',
  cost(9, 200_000, (i) => store.decide(keys[i % 10_000] as string, policy, after(5))),
]);
results.push([
  '1,000,000 keys in a minute',
  cost(10, KEYS / 10, (i) => store.decide(keys[i] as string, policy, after(MINUTE / KEYS))),
]);
results.push([
  '1,000,000 keys at once: the table full',
  cost(10, KEYS / 10, (i) => store.decide(keys[i] as string, policy, now)),
]);
const growth = process.memoryUsage().rss - before;
results.push(['the key of an IPv4 address', cost(9, 200_000, () => void clientKey('203.0.113.7'))]);
results.push([
  'the key of an IPv6 address, seen before',
  cost(9, 200_000, (i) => void clientKey(address(i % 1000))),
]);
results.push(['the key of an IPv6 address, new', cost(9, 100_000, (i) => void clientKey(address(i)))]);

console.log('rate limit in memory, µs of CPU a call (median of rounds)');
for (const [what, time] of results) console.log(`  ${what.padEnd(40)} ${time.toFixed(3)}`);
console.log(`  keys held ${store.size}, RSS growth ${megabytes(growth)}`);

const decisions = results.slice(0, 4);
if (growth > MOST_GROWTH || decisions.some(([, time]) => time >= MOST_MICROSECONDS)) {
  console.error(`over the bounds: ${MOST_MICROSECONDS} µs a decision, ${megabytes(MOST_GROWTH)} of growth`);
  process.exitCode = 1;
}
