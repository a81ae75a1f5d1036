/** The secrets that are watched, each with its value, wherever its variable is declared. */
import type { Config } from './load.ts';
import { Secret } from './secret.ts';
import { ROTATION_DAYS, SECRET_KINDS, type SecretKind } from './secrets.ts';
import { sections } from './sections.ts';

export interface ManagedSecret extends SecretKind {
  readonly value: Secret | undefined;
  /** Milliseconds since the epoch, as the operator says. */
  readonly rotatedAt: number | undefined;
}

export function managedSecrets(config: Config): ManagedSecret[] {
  const values = valuesByName(config);
  const asymmetric = config.tokens.publicKey !== undefined || config.tokens.jwksUrl !== undefined;
  const listed = SECRET_KINDS.map((kind): ManagedSecret => {
    const value = values.get(kind.name);
    const needed = kind.name === 'JWT_SECRET_KEY' && asymmetric ? 'no' : kind.needed;
    return {
      ...kind,
      needed,
      value: value instanceof Secret ? value : undefined,
      rotatedAt: config.rotationDates[`${kind.name}_ROTATED_AT`],
    };
  });
  const extra = config.secrets.extra.map(
    (one): ManagedSecret => ({
      ...one,
      rotationDays: ROTATION_DAYS[one.category],
      format: 'any',
      needed: 'no',
    }),
  );
  return [...listed, ...extra];
}

function valuesByName(config: Config): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [key, { variables }] of Object.entries(sections)) {
    const section = config[key as keyof Config] as Readonly<Record<string, unknown>>;
    for (const [field, { name }] of Object.entries(variables)) values.set(name, section[field]);
  }
  return values;
}
