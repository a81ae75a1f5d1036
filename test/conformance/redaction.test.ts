/** Runs the redactor over a corpus of labelled log lines and prints what survived, by encoding and by context. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Redactor } from '../../core/redact.ts';

interface Line {
  readonly id: string;
  readonly text: string;
  readonly secret: string;
  readonly should_redact: boolean;
  readonly encoding: string;
  readonly context: string;
  readonly known_env: string | null;
  readonly secret_raw: string | null;
  readonly must_survive?: readonly string[];
  readonly soft?: boolean;
}

const lines: Line[] = readFileSync(new URL('data/redaction.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const positives = lines.filter((line) => line.should_redact);
const negatives = lines.filter((line) => !line.should_redact && !line.soft);

/** True if a window of `max(8, length / 4)` characters of the secret is still there. */
function leaks(output: string, secret: string): boolean {
  const window = Math.max(8, Math.floor(secret.length / 4));
  if (secret.length < window) return output.includes(secret);
  for (let at = 0; at + window <= secret.length; at++) {
    if (output.includes(secret.slice(at, at + window))) return true;
  }
  return false;
}

const seeded = positives.flatMap(({ known_env, secret_raw }) =>
  known_env && secret_raw ? [{ name: known_env, value: secret_raw }] : [],
);
const byPattern = new Redactor();
const byValue = new Redactor({ secrets: seeded });

function table(redactor: Redactor, column: 'encoding' | 'context'): Map<string, [number, number]> {
  const rows = new Map<string, [number, number]>();
  for (const line of positives) {
    const row = rows.get(line[column]) ?? [0, 0];
    row[0] += 1;
    if (!leaks(redactor.text(line.text), line.secret)) row[1] += 1;
    rows.set(line[column], row);
  }
  return rows;
}

const recall = (redactor: Redactor): number =>
  positives.filter((line) => !leaks(redactor.text(line.text), line.secret)).length / positives.length;

test('the table of recall by encoding and context', () => {
  for (const column of ['encoding', 'context'] as const) {
    const alone = table(byPattern, column);
    const known = table(byValue, column);
    console.log(`${column.padEnd(18)} lines  patterns  with known values`);
    for (const [name, [all, caught]] of [...alone].sort()) {
      const withValues = known.get(name)?.[1] ?? 0;
      console.log(
        `${name.padEnd(18)} ${String(all).padStart(5)}  ${String(caught).padStart(8)}  ${String(withValues).padStart(17)}`,
      );
      expect(withValues, name).toBeGreaterThanOrEqual(caught);
    }
  }
});

test('at least 95 % of secrets are hidden by patterns alone', () => {
  expect(recall(byPattern)).toBeGreaterThanOrEqual(0.95);
});

test('at least 99 % of secrets are hidden where the values are known', () => {
  expect(recall(byValue)).toBeGreaterThanOrEqual(0.99);
});

test.each([
  ['patterns alone', byPattern],
  ['known values', byValue],
])('at most 0.5 %% of harmless lines change: %s', (_, redactor) => {
  const changed = negatives.filter((line) => redactor.text(line.text) !== line.text).map((line) => line.text);
  expect(changed.length / negatives.length, changed.join('\n')).toBeLessThanOrEqual(0.005);
});

test('at least 99.5 % of what must survive beside a secret survives', () => {
  const wanted = lines.flatMap((line) => (line.must_survive ?? []).map((part) => ({ line, part })));
  const lost = wanted.filter(({ line, part }) => !byValue.text(line.text).includes(part));
  expect(wanted.length).toBeGreaterThan(100);
  expect(lost.length / wanted.length).toBeLessThanOrEqual(0.005);
});

test('a document in JSON is one after redaction', () => {
  const documents = lines.filter(({ text }) => isJson(text));
  expect(documents.length).toBeGreaterThan(100);
  for (const { text } of documents) expect(isJson(byValue.text(text)), text).toBe(true);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('redacting twice changes nothing more', () => {
  for (const redactor of [byPattern, byValue]) {
    for (const { text } of lines) {
      const once = redactor.text(text);
      expect(redactor.text(once)).toBe(once);
    }
  }
});

test('a line cut at any place between two pieces is redacted as a whole one', () => {
  for (const { text } of positives) {
    const whole = byPattern.text(text);
    for (let at = 1; at < text.length; at++) {
      const stream = byPattern.stream();
      const output = stream.push(text.slice(0, at)) + stream.push(text.slice(at)) + stream.end();
      if (output !== whole) expect(output, `cut at ${at}`).toBe(whole);
    }
  }
});
