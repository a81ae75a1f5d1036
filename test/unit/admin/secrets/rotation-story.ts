/** The life of a secret as a state must tell it, whichever keeps it: years pass at the turn of a hand. */
import { expect } from 'vitest';
import { fingerprint, pepperId } from '../../../../admin/secrets/fingerprint.ts';
import {
  DAY,
  type Rotation,
  rotationOf,
  type Seen,
  sightingsOf,
} from '../../../../admin/secrets/rotation.ts';
import type { SecretState } from '../../../../admin/secrets/state/state.ts';
import type { HandClock } from '../../core/lines.ts';
import { draw, managed, URL_SAFE } from './samples.ts';

const NAME = 'OPENAI_API_KEY';
const MINUTE = 60_000;

/** One process that holds a value and looks at it. */
export class Replica {
  private readonly state: SecretState;
  private readonly clock: HandClock;
  private readonly value: string;
  private readonly pepper: string;
  private looks = 0;

  constructor(
    state: SecretState,
    clock: HandClock,
    value: string,
    pepper = 'the pepper of all replicas, as one',
  ) {
    this.state = state;
    this.clock = clock;
    this.value = value;
    this.pepper = pepper;
  }

  async look(rotatedAt?: number): Promise<Rotation & { readonly added: boolean }> {
    const secret = managed(NAME, this.value, rotatedAt);
    const seen: Seen = {
      name: NAME,
      fingerprint: (await fingerprint(secret, this.pepper)) as string,
      pepperId: pepperId(this.pepper),
    };
    const before = await this.state.read('production');
    const first = this.looks++ === 0;
    const added = await this.state.write('production', sightingsOf([seen], before, first));
    const kept = await this.state.read('production');
    return { ...rotationOf(secret, seen, kept, this.clock.now()), added: added.has(NAME) };
  }
}

/** `reopen` gives the state as a process finds it that starts now. */
export async function tellTheStory(reopen: () => SecretState, clock: HandClock): Promise<void> {
  const [a, b, c] = [1, 2, 3].map(() => draw(URL_SAFE, 40)) as [string, string, string];
  const run = (value: string, pepper?: string) => new Replica(reopen(), clock, value, pepper);

  const born = clock.now();
  const due = new Date(born + 90 * DAY).toISOString();
  expect(await run(a).look()).toMatchObject({
    age_days: 0,
    age_source: 'first_seen',
    rotation: 'ok',
    rotate_by: due,
    findings: [],
    added: true,
  });

  clock.turn(75 * DAY);
  expect(await run(a).look()).toMatchObject({ age_days: 75, rotation: 'ok', added: false });
  clock.turn(5 * DAY);
  expect(await run(a).look()).toMatchObject({ age_days: 80, rotation: 'due_soon', rotate_by: due });
  clock.turn(11 * DAY);
  expect(await run(a).look()).toMatchObject({
    age_days: 91,
    rotation: 'overdue',
    rotate_by: due,
    findings: [],
  });

  clock.turn(DAY);
  expect(await run(b).look()).toMatchObject({ age_days: 0, rotation: 'ok', findings: [], added: true });
  clock.turn(DAY);
  expect(await run(b).look()).toMatchObject({ age_days: 1, rotation: 'ok', findings: [], added: false });

  clock.turn(DAY);
  const back = await run(a).look();
  expect(back).toMatchObject({
    age_days: 94,
    rotation: 'overdue',
    findings: ['retired_value'],
    added: false,
  });
  clock.turn(DAY);
  expect(await run(a).look()).toMatchObject({ age_days: 95, findings: ['retired_value'] });

  clock.turn(DAY);
  expect(await run(c).look()).toMatchObject({ age_days: 0, rotation: 'ok', findings: [] });
  clock.turn(30 * DAY);
  const lost = await run(c, 'another pepper, since the first was lost').look();
  expect(lost).toMatchObject({
    age_days: null,
    age_source: 'unknown',
    rotation: 'unknown',
    rotate_by: null,
    findings: ['pepper_changed'],
  });
  expect(await run(c).look()).toMatchObject({ age_days: 30, rotation: 'ok', findings: [] });
  clock.turn(91 * DAY);
  expect(await run(c, 'another pepper, since the first was lost').look()).toMatchObject({
    rotation: 'overdue',
  });
}

/** Two values at once: nothing to say while a deploy rolls, a finding for both when it lasts. */
export async function tellOfTwoReplicas(reopen: () => SecretState, clock: HandClock): Promise<void> {
  const [a, b] = [1, 2].map(() => draw(URL_SAFE, 40)) as [string, string];
  const old = new Replica(reopen(), clock, a);
  await old.look();
  clock.turn(10 * DAY);
  await old.look();
  const young = new Replica(reopen(), clock, b);
  for (let minute = 0; minute < 15; minute++) {
    expect((await young.look()).findings).toEqual([]);
    expect((await old.look()).findings).toEqual([]);
    clock.turn(MINUTE);
  }
  clock.turn(MINUTE);
  await Promise.all([young.look(), old.look()]);
  expect((await young.look()).findings).toEqual(['replicas_differ']);
  expect((await old.look()).findings).toEqual(['replicas_differ']);
  clock.turn(5 * MINUTE);
  expect((await young.look()).findings).toEqual([]);
}
