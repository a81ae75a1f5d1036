/** Looks for credentials in what railguard emits: logs, figures, audit events, error bodies. */

/** What must not be found of a token: all of it, its payload, its signature. */
export function partsOf(credential: string): string[] {
  const parts = credential.split('.').filter((part) => part.length >= 16);
  return parts.length > 1 ? [credential, ...parts.slice(1)] : [credential];
}

/** The credentials of which any telling part stands in any of the texts, with some context. */
export function leaks(texts: readonly string[], credentials: Iterable<string>): string[] {
  const found: string[] = [];
  for (const credential of credentials) {
    for (const part of partsOf(credential)) {
      for (const text of texts) {
        const at = text.indexOf(part);
        if (at >= 0) found.push(`${part.slice(0, 12)}… in ${text.slice(Math.max(0, at - 80), at + 12)}`);
      }
    }
  }
  return found;
}
