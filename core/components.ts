/** What the data plane is made of and in which state each part is, for whoever asks how railguard fares. */

export interface Component {
  readonly name: string;
  readonly kind: 'filter' | 'store';
  /** `degraded`: it works, but not as it is meant to. */
  readonly state: 'on' | 'off' | 'degraded';
  /** Of a filter that can refuse: does it? */
  readonly mode?: 'enforce' | 'report';
  /** A plain sentence when degraded. */
  readonly message?: string;
}
