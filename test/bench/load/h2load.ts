/** HTTP/2 without TLS: h2load of nghttp2, and what it says. */
import { installed } from '../processes.ts';
import { type Load, runLines, type Watch } from './generate.ts';
import { fields, HOST } from './requests.ts';

export const h2load = installed('h2load');

/** Streams on connections, as fast as they are answered; throws where h2load is not installed or fails. */
export async function loadHttp2(
  port: number,
  connections: number,
  streams: number,
  seconds: number,
  watch: Watch,
): Promise<Load> {
  if (h2load === undefined) throw new Error('h2load is not installed (package nghttp2-client)');
  const headers = fields()
    .filter((field) => !field.startsWith('Host:'))
    .flatMap((field) => ['-H', field]);
  const size = ['-c', connections, '-m', streams, '-t', 1, '-D', seconds].map(String);
  const url = `http://127.0.0.1:${port}/`;
  const lines: string[] = [];
  await runLines([h2load, ...size, ...headers, '-H', `:authority: ${HOST}`, url], watch, async (line) => {
    lines.push(line);
    if (line.startsWith('Main benchmark duration is over')) await watch.stop();
    return false;
  });
  return figures(lines.join('\n'), seconds);
}

function figures(text: string, seconds: number): Load {
  const found = /requests: .* (\d+) done, (\d+) succeeded, (\d+) failed/.exec(text);
  const mean = /time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/.exec(text);
  if (found === null || mean === null) throw new Error(`h2load says something else:\n${text}`);
  const [, done, succeeded] = found.map(Number) as [number, number, number];
  const unit = { us: 0.001, ms: 1, s: 1000 }[mean[2] as 'us' | 'ms' | 's'];
  return { operations: succeeded, seconds, mean: Number(mean[1]) * unit, failures: done - succeeded };
}
