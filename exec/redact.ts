/** `railguard redact`: a filter for pipes, as fast as the redactor, that never holds more than it must. */
import { knownSecrets } from '../config/known-secrets.ts';
import { load } from '../config/load.ts';
import { Redactor } from '../core/redact.ts';

/** Copies stdin to stdout, sanitised; 0 also when the reader of stdout has had enough. */
export async function redact(env: NodeJS.ProcessEnv): Promise<number> {
  const loaded = load(env);
  // A configuration that does not stand is no reason to let secrets through: patterns know most of them.
  const redactor = new Redactor('config' in loaded ? { secrets: knownSecrets(loaded.config) } : {});
  const clean = redactor.stream('redact');
  const { stdin, stdout } = process;
  let closed = false;
  let drained: (() => void) | undefined;
  stdout.on('drain', () => drained?.());
  stdout.on('error', () => {
    closed = true;
    stdin.destroy();
    drained?.();
  });
  stdin.setEncoding('utf8');
  try {
    for await (const chunk of stdin) {
      const text = clean.push(chunk as string);
      if (text !== '' && !stdout.write(text) && !closed)
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      if (closed) return 0;
    }
  } catch (error) {
    if (!closed) throw error;
  }
  if (closed) return 0;
  await new Promise<void>((resolve) => stdout.write(clean.end(), () => resolve()));
  return 0;
}
