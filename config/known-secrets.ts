/** Every secret of the configuration, so that its value is known wherever it might surface. */
import type { Config } from './load.ts';
import { Secret } from './secret.ts';

export function* knownSecrets(config: Config): Generator<{ name: string; value: string }> {
  for (const section of Object.values(config)) {
    for (const [name, value] of Object.entries(section)) {
      if (value instanceof Secret) yield { name, value: value.reveal() };
    }
  }
}
