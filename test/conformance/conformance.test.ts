/** Runs every case over every protocol it names, and prints what was run. */
import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Case, Ending, Kind, Protocol, Result } from './case.ts';
import { KINDS } from './cases/index.ts';
import { talkH1 } from './h1-client.ts';
import { talkH2 } from './h2-client.ts';
import { GROUPS, type Group, Rig } from './rig.ts';

const rigs = new Map<Group, Rig>();
/** Rigs of single cases, up or still starting: none may outlive the run, even one that runs few tests. */
const apart = new Set<Promise<Rig>>();
const early = new Map<string, Promise<unknown>>();
const table: { case: string; protocol: Protocol; title: string; result: 'pass' | 'FAIL' }[] = [];

const protocolsOf = (c: Case): readonly Protocol[] =>
  c.protocols ?? (['h1', 'h2'] as const).filter((protocol) => c[protocol] !== undefined);

const everyCase = KINDS.flatMap((kind: Kind) =>
  kind.cases.flatMap((c) =>
    protocolsOf(c).map((protocol) => ({ c, protocol, key: `${c.id} ${c.title} [${protocol}]` })),
  ),
);

beforeAll(async () => {
  const names = Object.keys(GROUPS) as Group[];
  await Promise.all(names.map(async (name) => rigs.set(name, await Rig.start(name))));
  for (const { c, protocol, key } of everyCase) {
    if (!c.slow) continue;
    const outcome = alone(c, protocol);
    outcome.catch(() => {});
    early.set(key, outcome);
  }
});

afterAll(async () => {
  await Promise.allSettled([...rigs.values(), ...apart].map(async (rig) => (await rig).stop()));
  const width = Math.max(...table.map((row) => row.case.length));
  const lines = table.map((row) => `${row.case.padEnd(width)}  ${row.protocol}  ${row.result}  ${row.title}`);
  const failed = table.filter((row) => row.result === 'FAIL').length;
  const { RESPONSE_PATH = 'auto' } = process.env;
  lines.push(
    `RESPONSE_PATH=${RESPONSE_PATH}: ${table.length} rows (case × protocol), ${table.length - failed} pass, ${failed} fail`,
  );
  console.log(lines.join('\n'));
});

for (const kind of KINDS) {
  describe(`${kind.kind} ${kind.title}`, () => {
    for (const { c, protocol, key } of everyCase.filter((row) => kind.cases.includes(row.c))) {
      test(key, async () => {
        const row = { case: c.id, protocol, title: c.title, result: 'FAIL' as 'pass' | 'FAIL' };
        table.push(row);
        await (early.get(key) ?? (c.apart ? alone(c, protocol) : play(rigOf(c), c, protocol)));
        row.result = 'pass';
      });
    }
  });
}

const rigOf = (c: Case): Rig => rigs.get(c.group ?? 'plain') as Rig;

async function alone(c: Case, protocol: Protocol): Promise<void> {
  const starting = Rig.start(c.group ?? 'plain');
  apart.add(starting);
  const rig = await starting;
  try {
    await play(rig, c, protocol);
  } finally {
    await rig.stop();
    apart.delete(starting);
  }
}

async function play(rig: Rig, c: Case, protocol: Protocol): Promise<void> {
  await rig.upstream.script(c.upstream ?? []);
  const { pid } = rig;
  let raw = '';
  try {
    if (c.run) await c.run(rig, protocol);
    else {
      const result = await converse(rig, c, protocol);
      raw = result.raw.toString('latin1', 0, 2000);
      judge(c, result);
    }
  } catch (thrown) {
    const sent = (c[protocol] ?? []).map((s) => (Buffer.isBuffer(s) ? s.toString('latin1', 0, 600) : s));
    throw new Error(
      [
        (thrown as Error).message,
        `client sent: ${JSON.stringify(sent).slice(0, 3000)}`,
        `client got: ${JSON.stringify(raw)}`,
        `upstream got:\n${rig.upstream.log}`,
        `log: ${rig.log.slice(-1500)}`,
      ].join('\n'),
      { cause: thrown },
    );
  } finally {
    await rig.upstream.script([]);
  }
  assert.equal(await rig.alive(), '', 'railguard is alive');
  assert.equal(rig.pid, pid);
}

async function converse(rig: Rig, c: Case, protocol: Protocol): Promise<Result> {
  const replies = Math.max(1, ...(c.status ?? []).map((s) => (Array.isArray(s) ? s.length : 1)));
  const linger = c.closed && protocol === 'h1' ? 1000 : c.linger;
  const talk = { ...c, replies, linger };
  const seen = await (protocol === 'h1' ? talkH1 : talkH2)(rig.port, c[protocol] ?? [], talk);
  const { connections, requests, peak } = rig.upstream;
  return { ...seen, protocol, connections, requests, peak };
}

function judge(c: Case, result: Result): void {
  const { status, closed, seen } = c;
  const outcome = endings(result);
  if (status) {
    const allowed = status.map((s) => (Array.isArray(s) ? s : [s]));
    const fits = allowed.some((list) => list.every((ending, i) => outcome[i] === ending));
    assert.ok(fits, `allowed ${JSON.stringify(status)}, got ${JSON.stringify(outcome)}`);
  }
  if (closed && result.protocol === 'h1') {
    assert.ok(result.closed, 'the connection is closed');
    assert.ok(result.closedAfter <= 1000, `closed only after ${result.closedAfter} ms`);
  }
  if (seen === 0) {
    const bytes = result.connections.reduce((sum, connection) => sum + connection.bytes.length, 0);
    assert.equal(bytes, 0, 'not one byte reaches the upstream');
  } else if (seen !== undefined) {
    for (const { fault } of result.connections) assert.equal(fault, '', 'the upstream can read what it got');
    assert.equal(result.requests.length, seen, 'number of requests at the upstream');
    for (const request of result.requests) assert.ok(request.complete, `${request.method} arrived whole`);
  }
  c.check?.(result);
}

const endings = (result: Result): Ending[] => {
  const list = result.replies.map((reply): Ending => (reply.status === 0 ? 'refused' : reply.status));
  return list.length > 0 ? list : [result.closed ? 'refused' : 0];
};
