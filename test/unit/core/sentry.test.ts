import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Redactor } from '../../../core/redact.ts';
import { Sentry } from '../../../core/sentry.ts';
import { SentryReceiver } from '../../harness/sentry-receiver.ts';
import { HandClock } from './lines.ts';

let receiver: SentryReceiver;
let clock: HandClock;

beforeEach(async () => {
  receiver = await SentryReceiver.start();
  clock = new HandClock();
});

afterEach(() => receiver.stop());

const open = (redactor: Pick<Redactor, 'text'> = new Redactor()): Sentry =>
  new Sentry({ dsn: receiver.dsn, environment: 'test', release: '1', redactor, clock });

describe('an error on its way to Sentry', () => {
  it('is sent with its causes, and each secret of any of them is hidden', async () => {
    const sentry = open(new Redactor({ secrets: [{ name: 'PEPPER', value: 'correct horse battery' }] }));
    const cause = new Error('password=hunter2-hunter2 for postgres://app:s3cr3t-pw@db/app');
    const error = new TypeError('no correct horse battery', { cause });
    sentry.error('lifecycle', 'uncaught exception', { error, deep: { list: ['correct horse battery'] } });
    await sentry.flush(2000);
    const [event] = receiver.events;
    expect(event?.exception?.values.map(({ type }) => type).sort()).toEqual(['Error', 'TypeError']);
    expect(event?.fingerprint?.slice(0, 3)).toEqual(['lifecycle', 'uncaught exception', '-']);
    for (const secret of ['hunter2-hunter2', 's3cr3t-pw', 'correct horse battery'])
      expect(receiver.bytes).not.toContain(secret);
    expect(event?.event_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is not sent when it can not be redacted', async () => {
    const sentry = open({
      text() {
        throw new Error('no');
      },
    });
    sentry.error('lifecycle', 'hunter2', {});
    await sentry.flush(500);
    expect(receiver.requests).toEqual([]);
  });

  it('is cut only after it was redacted', async () => {
    const sentry = open();
    const key = `ghp_${'a1B2c3D4e5'.repeat(3)}f6G7h8`;
    for (let at = 8150; at <= 8200; at += 10)
      sentry.error('upstream_error', 'm', { status_code: at, body: `${'x '.repeat(at / 2)}${key}` });
    await sentry.flush(2000);
    expect(receiver.events.length).toBe(6);
    expect(receiver.bytes).not.toContain(key.slice(0, 12));
  });

  it('never throws, whatever its facts are', async () => {
    const sentry = open();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const circular: Record<string, unknown> = { big: 1n };
    circular.me = circular;
    const thrower = {
      get code() {
        throw new Error('no');
      },
    };
    for (const facts of [{ proxy }, { error: proxy }, { circular }, thrower, proxy])
      expect(() => sentry.error('lifecycle', 'odd', facts)).not.toThrow();
    await sentry.flush(2000);
    expect(receiver.events.length).toBeGreaterThan(0);
  });
});

describe('many errors', () => {
  it('of one group are five a minute, and the next one says how many were kept back', async () => {
    const sentry = open();
    const fail = (): void => sentry.error('upstream_error', 'away', { code: 'upstream_unreachable' });
    for (let i = 0; i < 1000; i++) fail();
    clock.turn(60_000);
    fail();
    await sentry.flush(2000);
    expect(receiver.events).toHaveLength(6);
    expect(receiver.events.at(-1)?.contexts?.railguard?.suppressed).toBe(995);
  });

  it('of many groups are ten a second', async () => {
    const sentry = open();
    for (let i = 0; i < 2000; i++)
      sentry.error('upstream_error', 'm', { status_code: 500, endpoint: `/${i}` });
    await sentry.flush(2000);
    expect(receiver.events).toHaveLength(10);
  });

  it('wait in a bounded number when nobody takes them', async () => {
    receiver.mood = 'silent';
    const sentry = open();
    for (let i = 0; i < 200; i++) {
      clock.turn(1000);
      sentry.error('upstream_error', 'm', { status_code: 500, endpoint: `/${i}` });
    }
    const before = performance.now();
    await sentry.flush(300);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(receiver.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('without a DSN', () => {
  it('nothing of Sentry is loaded: one file imports it, and that file is imported when there is one', () => {
    const root = resolve(import.meta.dirname, '../../..');
    const files = ['core', 'config', 'proxy', 'admin', 'exec', 'demo', '.'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: folder !== '.' })
        .map(String)
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.config.ts'))
        .map((name) => join(folder, name)),
    );
    const holding = (pattern: RegExp): string[] =>
      files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')));
    expect(holding(/['"]@sentry\//).sort()).toEqual(['core/sentry.ts', 'core/sentry/transport.ts']);
    expect(holding(/from '[^']*\/sentry\.ts'/)).toEqual([]);
    expect(holding(/import\('[^']*\/sentry\.ts'\)/)).toEqual(['telemetry.ts']);
  });
});
