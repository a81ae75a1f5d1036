/** What the admin port may know and do about sessions, and what only the data plane can: the line between the two. */

export interface SessionView {
  /** Name of the session, made from its id by a one-way hash. */
  readonly id: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly first_seen: string;
  readonly last_seen: string;
}

export interface RevocationRequest {
  readonly jti?: string | undefined;
  readonly sub?: string | undefined;
  readonly reason: string;
  /** Milliseconds since the epoch: tokens of the subject issued until then; now when absent. */
  readonly before?: number | undefined;
}

export interface RevocationView {
  readonly kind: 'jti' | 'sub' | 'session';
  /** ISO 8601: how long it is remembered. */
  readonly until: string;
  /** ISO 8601 cut-off of a subject's tokens. */
  readonly before?: string;
}

export interface SessionDirectory {
  /** Newest first by last sight. Rejects with StoreUnavailable. */
  list(query: {
    readonly subject?: string | undefined;
    readonly limit: number;
  }): Promise<readonly SessionView[]>;
  /** False when there is no such session. Rejects with StoreUnavailable: then nothing was ended. */
  end(id: string, reason: string): Promise<boolean>;
  /** Rejects with StoreUnavailable: then nothing was revoked. */
  revoke(request: RevocationRequest): Promise<RevocationView>;
}

/** The store that others share could not be told, or has no room. */
export class StoreUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreUnavailable';
  }
}
