/** Every secret of the configuration, so that its value is known wherever it might surface. */
import type { Config } from './load.ts';
import { Secret } from './secret.ts';
import { sections } from './sections.ts';
import type { Section } from './var.ts';

export function* knownSecrets(config: Config): Generator<{ name: string; value: string }> {
  for (const [title, values] of Object.entries(config)) {
    const section: Section = sections[title as keyof Config].variables;
    for (const [key, value] of Object.entries(values)) {
      if (value instanceof Secret) yield* formsOf(section[key]?.name ?? key, value);
    }
  }
  for (const { name, value } of config.secrets.extra) if (value !== undefined) yield* formsOf(name, value);
}

function* formsOf(name: string, secret: Secret): Generator<{ name: string; value: string }> {
  yield { name, value: secret.reveal() };
  for (const password of passwordsOf(secret.reveal())) yield { name, value: password };
}

/** The password in a URL surfaces without it: in another program's error, or decoded. */
function passwordsOf(text: string): string[] {
  const [, written] = /^[a-z][\w+.-]*:\/\/[^/?#:]*:([^/?#]*)@/i.exec(text) ?? [];
  if (written === undefined || written === '') return [];
  try {
    return [...new Set([written, decodeURIComponent(written)])];
  } catch {
    return [written];
  }
}
