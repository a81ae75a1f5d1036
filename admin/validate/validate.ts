/** `railguard validate`: is this deployment ready? Judges settings and files, and with `--live` what answers. */
import type { Env } from '../../config/var.ts';
import type { Check, Probe, Row, Verdict } from './check.ts';
import { checks } from './checks.ts';
import { detailsOf } from './details.ts';
import { issuesOf, type Report, type Result, reportOf } from './report.ts';
import { readSubject, type Subject } from './subject.ts';
import { textOf } from './text.ts';

export interface ValidateOptions {
  readonly env: Env;
  readonly json: boolean;
  /** Reach upstream, database, Redis and Sentry. */
  readonly live: boolean;
  /** Where `.env` and the deployment's files lie. */
  readonly cwd: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export interface Outcome {
  readonly report: Report;
  readonly results: readonly Result[];
}

/** Prints the outcome and resolves to the exit code: 0 ready, 1 not ready. */
export async function validate({ env, json, live, cwd, stdout, stderr }: ValidateOptions): Promise<number> {
  const people = stdout.isTTY === true && !json;
  const colour = people && (env.NO_COLOR ?? '') === '';
  const progress = (text: string): void => {
    if (people && stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
  };
  const outcome = await judge(env, cwd, live, progress);
  progress('');
  const { report, results } = outcome;
  const text = json ? `${JSON.stringify(report, undefined, 2)}\n` : textOf(report, results, colour);
  await new Promise<void>((resolve) => {
    stdout.once('error', () => resolve());
    stdout.write(text, () => resolve());
  });
  return report.ready_for_deployment ? 0 : 1;
}

/** `progress` is told what is looked at. */
export async function judge(
  env: Env,
  cwd: string,
  live: boolean,
  progress: (text: string) => void = () => {},
): Promise<Outcome> {
  const subject = readSubject(env, cwd);
  const results = checks.flatMap((check) => run(check, subject));
  if (live) results.push(...(await reach(subject, progress)));
  return { report: reportOf(results, detailsOf(subject), new Date()), results };
}

/** All probes at once, so that what is away costs one wait. */
async function reach(subject: Subject, progress: (text: string) => void): Promise<Result[]> {
  const { probes } = await import('./live/probes.ts');
  const wanted = probes.filter((probe) => probe.applies(subject));
  let done = 0;
  const tell = (): void => progress(`${done} of ${wanted.length} answers …`);
  tell();
  return Promise.all(
    wanted.map(async (probe) => {
      const result = await look(probe, subject);
      done++;
      tell();
      return result;
    }),
  );
}

function run(check: Check, subject: Subject): Result[] {
  if (check.reads?.some((name) => subject.failed.has(name))) return [];
  if (check.applies?.(subject) === false) return [];
  return [resultOf(check, check.find(subject))];
}

async function look(probe: Probe, subject: Subject): Promise<Result> {
  try {
    const { said, figures } = await probe.look(subject);
    return resultOf(probe, said, figures);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return resultOf(probe, `It failed with ${code ?? name}.`);
  }
}

const resultOf = (row: Row, verdict: Verdict, figures: Result['figures'] = {}): Result => ({
  row,
  issues: issuesOf(row, verdict),
  figures,
});
