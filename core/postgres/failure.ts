/** What can go wrong between railguard and its database, by stable code. */

export type FailureCode =
  /** No connection came free within the pool's timeout. */
  | 'pool_timeout'
  /** More borrowers wait than the pool lets wait. */
  | 'pool_overrun'
  | 'pool_closed'
  /** No connection is open and none can be opened now. */
  | 'database_unreachable';

export class PostgresFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PostgresFailure';
    this.code = code;
  }
}

/** The server's own five characters (SQLSTATE), when it was the server that spoke. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  const spoken = (error as { severity?: unknown } | null)?.severity;
  return typeof code === 'string' && spoken !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Does the error say that the connection is of no more use? Anything but a word of the server does; so do connection
 * exceptions, shutdowns, and a primary that became a replica (25006).
 */
export function breaksConnection(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || state.startsWith('08') || /^57P0[1-5]$/.test(state) || state === '25006';
}
