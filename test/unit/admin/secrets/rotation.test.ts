/** A rotation is found by itself, told from what only looks like one, and dated by whoever knows best. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint } from '../../../../admin/secrets/fingerprint.ts';
import { DAY, rotationOf } from '../../../../admin/secrets/rotation.ts';
import { FileState } from '../../../../admin/secrets/state/file.ts';
import { MemoryState } from '../../../../admin/secrets/state/memory.ts';
import { HandClock } from '../../core/lines.ts';
import { Replica, tellOfTwoReplicas, tellTheStory } from './rotation-story.ts';
import { draw, managed, URL_SAFE } from './samples.ts';

let folder: string;
let clock: HandClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-state-'));
  clock = new HandClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'deep', 'state.json');
const openFile = (onBroken?: (aside: string) => void) =>
  new FileState({ path: file(), clock, ...(onBroken && { onBroken }) });

describe('the life of a secret', () => {
  it('is told from a file', () => tellTheStory(openFile, clock));
  it('is told from memory', () => {
    const state = new MemoryState(clock);
    return tellTheStory(() => state, clock);
  });
  it('with two values at once is told from a file', () => tellOfTwoReplicas(openFile, clock));
});

describe('the day a secret was changed', () => {
  const value = draw(URL_SAFE, 40);

  it('is what the operator says, when nothing better is known', async () => {
    const replica = new Replica(new MemoryState(clock), clock, value);
    const rotation = await replica.look(clock.now() - 100 * DAY);
    expect(rotation).toMatchObject({ age_days: 100, age_source: 'rotated_at', rotation: 'overdue' });
  });

  it('is when the change was seen, once the date of the operator is older than that', async () => {
    const state = new MemoryState(clock);
    const date = clock.now() - 100 * DAY;
    await new Replica(state, clock, draw(URL_SAFE, 40)).look(date);
    clock.turn(5 * DAY);
    const rotation = await new Replica(state, clock, value).look(date);
    expect(rotation).toMatchObject({ age_days: 0, age_source: 'first_seen', rotation: 'ok' });
  });

  it('is not in the future', async () => {
    const rotation = await new Replica(new MemoryState(clock), clock, value).look(clock.now() + 10 * DAY);
    expect(rotation).toMatchObject({ age_days: 0, age_source: 'first_seen', findings: ['date_in_future'] });
  });

  it('is unknown while the state can not be reached, and the date of the operator still counts', () => {
    const { now } = { now: clock.now() };
    expect(rotationOf(managed('OPENAI_API_KEY', value), undefined, undefined, now)).toMatchObject({
      age_days: null,
      age_source: 'unknown',
      rotation: 'unknown',
    });
    const dated = managed('OPENAI_API_KEY', value, now - DAY);
    expect(rotationOf(dated, undefined, undefined, now)).toMatchObject({ age_days: 1, rotation: 'ok' });
  });
});

describe('a fingerprint', () => {
  const pepper = 'a pepper of at least thirty-two characters';
  const print = (name: string, value: string, by = pepper) => fingerprint(managed(name, value), by);

  it('stays when the host of a URL moves, and changes with its password', async () => {
    const before = await print('DATABASE_URL', 'postgres://app:one@a.example.org/app');
    expect(await print('DATABASE_URL', 'postgresql://app:one@b.example.org:6432/app?sslmode=require')).toBe(
      before,
    );
    expect(await print('DATABASE_URL', 'postgres://app:two@a.example.org/app')).not.toBe(before);
  });

  it('of one value differs by name and by pepper', async () => {
    const prints = await Promise.all([
      print('JWT_SECRET_KEY', 'value'),
      print('CSRF_SECRET_KEY', 'value'),
      print('JWT_SECRET_KEY', 'value', `${pepper}!`),
      print('OPENAI_API_KEY', 'value'),
    ]);
    expect(new Set(prints).size).toBe(4);
    for (const one of prints) expect(one).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('the file', () => {
  const value = draw(URL_SAFE, 40);

  it('is for its owner alone and holds no value', async () => {
    const state = openFile();
    await state.pepper('pepper');
    await new Replica(state, clock, value).look();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readFileSync(file(), 'utf8')).not.toContain(value);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['state.json']);
  });

  it('keeps the first pepper, whoever comes next', async () => {
    expect(await openFile().pepper('first')).toBe('first');
    expect(await openFile().pepper('second')).toBe('first');
  });

  it('that is not readable as one of ours is set aside and said so', async () => {
    await openFile().pepper('first');
    writeFileSync(file(), '{"version":1,');
    const asides: string[] = [];
    expect(await openFile((aside) => asides.push(aside)).pepper('second')).toBe('second');
    expect(asides).toEqual([`${file()}.broken`]);
    expect(readFileSync(`${file()}.broken`, 'utf8')).toBe('{"version":1,');
  });

  it('is rid of what an ended process left half written', async () => {
    await openFile().pepper('first');
    const left = `${file()}.999999-7.tmp`;
    writeFileSync(left, '{');
    utimesSync(left, new Date(0), new Date(0));
    await openFile().pepper('second');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['state.json']);
  });

  it('takes many writes at once and loses none', async () => {
    const states = [openFile(), openFile()];
    const one = (n: number) => ({
      name: `N${n}`,
      fingerprint: 'f',
      pepperId: 'p',
      returned: false,
      adopted: false,
    });
    const [state] = states as [FileState, FileState];
    await Promise.all(Array.from({ length: 30 }, (_, n) => state.write('production', [one(n)])));
    expect((await openFile().read('production')).rows).toHaveLength(30);
  });
});
