/** The version in package.json, found from the source tree and from `dist` alike. */
import { readFileSync } from 'node:fs';

function read(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        unknown
      >;
      if (found.name === 'railguard') return String(found.version);
    } catch {
      // Not there: the next place.
    }
  }
  return '0.0.0';
}

export const version = read();
