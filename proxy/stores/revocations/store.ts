/** What every store of revocations must do: keep each until the last token it could concern has expired, and tell what is new. */

export interface Revocation {
  readonly kind: 'jti' | 'sub' | 'session';
  /** Name of the token, subject or session; never the id itself. */
  readonly name: string;
  /** Of a subject: tokens issued until then are revoked. Milliseconds since the epoch. */
  readonly before: number;
  /** When it may be forgotten. */
  readonly expiresAt: number;
}

export interface News {
  /** Of the store's memory: a new one means that it forgot everything. */
  readonly epoch: string;
  /** Hand it in with the next question. */
  readonly mark: number;
  readonly revocations: readonly Revocation[];
}

export interface RevocationStore {
  readonly name: string;
  /** Others write to it too, and it can be away. */
  readonly shared: boolean;
  /** Rejects when it could not be kept. */
  add(revocation: Revocation): Promise<void>;
  /** What was added since `mark` of `epoch`; all there is when the epoch is another. */
  news(epoch: string, mark: number): Promise<News>;
  /** Lets go of what has expired at `now`. */
  purge(now: number): Promise<void>;
}

/** More than anybody revokes one by one; a store that is full refuses, rather than forget. */
export const MAX_REVOCATIONS = 100_000;
