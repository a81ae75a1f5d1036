/** What the operator says about tokens and sessions, as far as the data plane is concerned. */
import type { SessionRules } from '../stores/sessions/store.ts';
import type { AlgorithmName } from './algorithms.ts';

interface Revealing {
  reveal(): string;
}

export interface IdentitySettings {
  readonly mode: 'off' | 'verify' | 'openapi' | 'require';
  readonly secretKey: Revealing | undefined;
  readonly publicKey: string | undefined;
  readonly jwksUrl: URL | undefined;
  readonly algorithms: readonly AlgorithmName[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly clockTolerance: number;
  readonly requiredClaims: readonly string[];
  readonly refusedTypes: readonly string[];
  readonly publicPaths: readonly string[];
  readonly loginPaths: readonly string[];
  readonly cookie: string | undefined;
  readonly keyPattern: RegExp | undefined;
  readonly failuresBeforeBlock: number;
  readonly blockTime: number;
}

export interface SessionSettings extends SessionRules {
  readonly backend: 'memory' | 'redis';
}
