/** Builds the watch over the secrets from the configuration. */
import type { Config } from '../../config/load.ts';
import { managedSecrets } from '../../config/managed-secrets.ts';
import type { Audit } from '../../core/audit.ts';
import type { Core } from '../../core/core.ts';
import { SecretsHealth } from './secrets-health.ts';
import { FileState } from './state/file.ts';
import { MemoryState } from './state/memory.ts';
import { PostgresState } from './state/postgres.ts';
import type { SecretState } from './state/state.ts';

export function openSecrets(config: Config, core: Core, audit: Audit): SecretsHealth {
  const options = {
    secrets: managedSecrets(config),
    environment: config.logs.environment,
    state: openState(config, core),
    pepper: config.secrets.pepper?.reveal(),
  };
  return new SecretsHealth(options, core, audit);
}

function openState({ secrets }: Config, { log, clock, postgres }: Core): SecretState {
  const { state } = secrets;
  if (state.kind === 'postgres' && postgres !== undefined) return new PostgresState(postgres);
  if (state.kind !== 'file') return new MemoryState(clock);
  const onBroken = (aside: string): void =>
    log.warn('secret_rotation', 'the file of SECRETS_STATE was not readable; ages begin anew', { aside });
  return new FileState({ path: state.path, clock, onBroken });
}
