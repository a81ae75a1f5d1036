import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppEvent } from '../../../exec/app-line.ts';
import { LineSplitter } from '../../../exec/lines.ts';
import { Tracebacks } from '../../../exec/tracebacks.ts';

interface Exception {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function gather(text: string): AppEvent[] {
  const events: AppEvent[] = [];
  const tracebacks = new Tracebacks('stderr', (event) => events.push(event));
  const lines = new LineSplitter((line) => tracebacks.take(line));
  lines.push(text);
  lines.end();
  tracebacks.flush();
  return events;
}
const exceptionOf = (event: AppEvent | undefined): Exception => event?.facts.exception as Exception;
const messages = (text: string): string[] => gather(text).map(({ message }) => message);

/** What a real interpreter writes to stderr. */
const python = (code: string): string =>
  spawnSync('/usr/bin/python3', ['-c', code], { encoding: 'utf8' }).stderr;
const node = (code: string): string =>
  spawnSync(process.execPath, ['--input-type=commonjs', '--eval', code], { encoding: 'utf8' }).stderr;

describe('a Python traceback', () => {
  it('is one event with type, message and stack; what stands around it stays what it is', () => {
    const text = python(`
import sys
print('INFO: before', file=sys.stderr)
def f(): raise ValueError('no such user')
try: f()
except ValueError:
  import traceback
  traceback.print_exc()
print('INFO: after', file=sys.stderr)`);
    const events = gather(text);
    expect(events.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'INFO: before'],
      ['error', 'ValueError: no such user'],
      ['info', 'INFO: after'],
    ]);
    const { type, message, stack } = exceptionOf(events[1]);
    expect([type, message]).toEqual(['ValueError', 'no such user']);
    expect(stack).toMatch(
      /^Traceback \(most recent call last\):\n {2}File .*[\s\S]*\nValueError: no such user$/,
    );
  });

  it('with a cause or a context is one event, named by the last exception', () => {
    for (const from of ['from error', '', 'from None']) {
      const events = gather(
        python(`
try: {}['key']
except KeyError as error: raise RuntimeError('outer') ${from}`),
      );
      expect(events.map(({ message }) => message)).toEqual(['RuntimeError: outer']);
      expect(exceptionOf(events[0]).stack.includes("KeyError: 'key'")).toBe(from !== 'from None');
    }
  });

  it('of an exception group is one event, named by the group', () => {
    const events = gather(
      python(`
def inner():
  try: raise OSError('a')
  except OSError as error: return error
raise ExceptionGroup('two failed', [inner(), ExceptionGroup('nested', [ValueError('b')])])`),
    );
    expect(events.map(({ message }) => message)).toEqual(['ExceptionGroup: two failed (2 sub-exceptions)']);
    expect(exceptionOf(events[0]).stack).toContain('ValueError: b');
  });

  it('without a message, or with a dotted name, has its type', () => {
    expect(messages(python('raise KeyboardInterrupt')).at(-1)).toBe('KeyboardInterrupt');
    const dotted = python(`
import json
json.loads('{')`);
    expect(exceptionOf(gather(dotted)[0]).type).toBe('json.decoder.JSONDecodeError');
  });

  it('keeps what database drivers and validators add in lines of their own', () => {
    const text =
      'Traceback (most recent call last):\n  File "x.py", line 1, in f\nsqlalchemy.exc.ProgrammingError: (x) no\n' +
      '[SQL: select 1]\n(Background on this error at: https://sqlalche.me/e/20/f405)\nINFO: after\n';
    expect(messages(text)).toEqual(['sqlalchemy.exc.ProgrammingError: (x) no', 'INFO: after']);
  });

  it('that another one cuts into loses no line', () => {
    const one = ['Traceback (most recent call last):', '  File "a.py", line 1, in a', 'ValueError: a'];
    const two = ['Traceback (most recent call last):', '  File "b.py", line 1, in b', 'TypeError: b'];
    const mixed = one.flatMap((line, i) => [line, two[i] as string]);
    const said = JSON.stringify(gather(mixed.join('\n')));
    for (const line of [...one.slice(1), ...two.slice(1)])
      expect(said).toContain(JSON.stringify(line).slice(1, -1));
  });

  it('that a line of somebody else cuts into is not named by that line', () => {
    const text =
      'Traceback (most recent call last):\n  File "a.py", line 1, in a\nINFO: request served\nValueError: a\n';
    const events = gather(text);
    expect(events.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'Error'],
      ['info', 'INFO: request served'],
      ['error', 'ValueError: a'],
    ]);
  });
});

describe('a Node stack', () => {
  it('of an uncaught error is one event', () => {
    const events = gather(node("throw new TypeError('no such user')"));
    const found = events.filter(({ facts }) => facts.exception !== undefined);
    expect(found.map(({ message }) => message)).toEqual(['TypeError: no such user']);
    expect(exceptionOf(found[0]).stack).toMatch(/\n {4}at /);
  });

  it('holds its cause, its code and its other members', () => {
    const events = gather(
      node(`console.error(Object.assign(new Error('outer', { cause: new RangeError('inner') }), { code: 'E_X' }));
            console.error('INFO: after')`),
    );
    expect(events.map(({ message }) => message)).toEqual(['Error: outer', 'INFO: after']);
    expect(exceptionOf(events[0]).stack).toMatch(
      /code: 'E_X'[\s\S]*\[cause\]: RangeError: inner[\s\S]*\n\}$/,
    );
  });

  it('after words of the app, and with a message of several lines, is one event', () => {
    const events = gather(
      node(
        "console.error('could not save', new RangeError('first\\nsecond')); console.error('DEBUG: after')",
      ),
    );
    expect(events.map(({ message }) => message)).toEqual(['RangeError: first', 'DEBUG: after']);
    expect(exceptionOf(events[0]).stack).toContain('could not save RangeError: first\nsecond\n    at ');
  });

  it('of Java is read as well', () => {
    const text =
      'Exception in thread "main" java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n' +
      'Caused by: java.io.IOException: deep\n\tat a.B.d(B.java:2)\n\t... 3 more\nINFO: after\n';
    expect(messages(text)).toEqual(['java.lang.IllegalStateException: no', 'INFO: after']);
  });
});

describe('a line that only looks like the start of one', () => {
  it('passes as it is, and so do those after it, in their order', () => {
    const lines = [
      'ValueError: alone',
      'second',
      'third',
      '{"level":"info","msg":"json"}',
      'Error',
      'INFO: end',
    ];
    expect(messages(lines.join('\n'))).toEqual([...lines.slice(0, 3), 'json', ...lines.slice(4)]);
  });

  it('is not held for longer than a moment', () => {
    const events: AppEvent[] = [];
    const tracebacks = new Tracebacks('stdout', (event) => events.push(event));
    tracebacks.take({ text: 'Error: alone', cut: false });
    expect(events).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(events.map(({ message }) => message)).toEqual(['Error: alone']);
  });
});

it('a traceback that never ends is cut, and said to be', () => {
  const events: { event: AppEvent; cut: boolean }[] = [];
  const tracebacks = new Tracebacks('stderr', (event, cut) => events.push({ event, cut }));
  tracebacks.take({ text: 'Traceback (most recent call last):', cut: false });
  for (let i = 0; i < 100_000; i++) tracebacks.take({ text: `  File "x.py", line ${i}, in f`, cut: false });
  tracebacks.flush();
  expect(events.map(({ cut }) => cut)).toEqual([true]);
  expect(exceptionOf(events[0]?.event).stack.length).toBeLessThan(70_000);
});
