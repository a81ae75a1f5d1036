/** What the workers of one container ask a process that keeps it for all of them, where no Redis does. */
import type { FailureCount } from '../identity/failure-count.ts';
import type { RevocationStore } from './revocations/store.ts';
import type { SessionStore } from './sessions/store.ts';
import type { Store } from './store.ts';

export interface Central {
  readonly rate: Store;
  readonly sessions: SessionStore;
  readonly revocations: RevocationStore;
  readonly failures: FailureCount;
}
