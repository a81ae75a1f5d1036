/** What may travel on of the app's head, and of a trailer section of either side. */
import { HeaderBlock, lowerName } from '../header-block.ts';
import { classify, HOP_BY_HOP, PASS, type RequestFields } from './headers.ts';

const RESPONSE_DROP = new Set([...HOP_BY_HOP, 'content-length']);

/**
 * The reply's head as clients of any version may have it, as flat pairs. Content-Length is stated again from the
 * framing (`length` ≥ 0), so that it can stand there once only.
 */
export function passableFields(
  raw: readonly string[],
  length: number,
  nominated: readonly string[] | undefined,
): string[] {
  const kept: string[] = [];
  // A set: an app may nominate as many names as it sends fields.
  const unwanted = nominated && new Set(nominated);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const lower = lowerName(name);
    if (lower === 'content-length' && length >= 0) kept.push(name, String(length));
    else if (!RESPONSE_DROP.has(lower) && unwanted?.has(lower) !== true)
      kept.push(name, raw[i + 1] as string);
  }
  return kept;
}

/** A trailer section may not carry what frames, routes or authenticates a message (RFC 9110 §6.5.1). */
const NEVER_TRAILERS = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'cache-control',
  'expect',
  'max-forwards',
  'pragma',
  'range',
  'age',
  'date',
  'expires',
  'location',
  'retry-after',
  'vary',
  'www-authenticate',
]);

/** The trailers that may travel on; undefined when none is left. A client's go by `fields` too. */
export function passableTrailers(
  raw: readonly string[] | undefined,
  fields?: RequestFields,
): HeaderBlock | undefined {
  if (raw === undefined) return undefined;
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const lower = lowerName(name);
    const treatment = fields === undefined ? classify(lower) : fields.treatment(name);
    if (!NEVER_TRAILERS.has(lower) && treatment === PASS) kept.push(name, raw[i + 1] as string);
  }
  return kept.length === 0 ? undefined : new HeaderBlock(kept);
}
