/** A worker's log lines on their way to the one stdout: whole lines alone, each at its level. */
import type { Readable } from 'node:stream';
import type { Level, Sink } from '../core/log-sink.ts';

/** How a line opens, as JSON and as text for a terminal. */
const JSON_LEVEL = /^\{"level":"(debug|info|warn|error)"/;
const TEXT_LEVEL = /^[\d:.]+ (?:\x1b\[\d+m)?(DEBUG|INFO|WARN|ERROR)\b/;
/** Characters of a line that has no end: more is not one of ours. */
const LONGEST = 4 * 1024 * 1024;

/** What a worker that was killed left unfinished is lost. */
export function relayLines(from: Readable, sink: Pick<Sink, 'write'>): void {
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    if (rest.length > LONGEST) rest = '';
    for (const line of lines) sink.write(levelOf(line), `${line}\n`);
  });
  from.on('error', () => undefined);
}

function levelOf(line: string): Level {
  const level = JSON_LEVEL.exec(line)?.[1] ?? TEXT_LEVEL.exec(line)?.[1]?.toLowerCase();
  return (level as Level | undefined) ?? 'info';
}
