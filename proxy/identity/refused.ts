/** Why a token is not accepted: one error with a reason that logs and metrics may show. */
export type Reason =
  | 'malformed'
  | 'oversized'
  | 'algorithm'
  | 'critical'
  | 'unknown_key'
  | 'signature'
  | 'expired'
  | 'not_yet_valid'
  | 'claims'
  | 'issuer'
  | 'audience'
  | 'type'
  | 'disagreement'
  | 'key_shape';

/** Never holds any part of the token. */
export class TokenRefused extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(`token refused: ${reason}`);
    this.name = 'TokenRefused';
    this.reason = reason;
  }

  /** The signature was good: whoever presents it was let in once, and is no guesser. */
  get authentic(): boolean {
    return this.reason === 'expired' || this.reason === 'not_yet_valid';
  }
}

/** The keys can't be had at the moment: not the client's fault, so no 401. */
export class KeysUnavailable extends Error {
  constructor() {
    super('no verification key can be had at the moment');
    this.name = 'KeysUnavailable';
  }
}
