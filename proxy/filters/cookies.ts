/** Adds the attributes that the app's cookies lack; every Set-Cookie line stays a line of its own (RFC 6265 §3). */
import type { Exchange, Filter, Reply } from '../exchange.ts';

export interface CookiesOptions {
  /** Add Secure where the client side is https. */
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Names of cookies that scripts must read; they never get HttpOnly. */
  readonly scriptReadable: readonly string[];
  /** SameSite of cookies that name none; `keep` adds nothing. */
  readonly sameSite: 'lax' | 'strict' | 'keep';
}

export function cookies(options: CookiesOptions): Filter {
  const readable = new Set(options.scriptReadable);
  const sameSite = { lax: '; SameSite=Lax', strict: '; SameSite=Strict', keep: '' }[options.sameSite];

  const harden = (line: string, https: boolean): string => {
    const first = line.indexOf(';');
    const pair = first < 0 ? line : line.slice(0, first);
    const name = pair.slice(0, Math.max(pair.indexOf('='), 0)).trim();
    if (name === '') return line;
    let secure = false;
    let httpOnly = false;
    let site: string | undefined;
    let needsSecure = /^__(?:Host|Secure)-/i.test(name);
    for (let at = pair.length + 1; at < line.length; ) {
      const next = line.indexOf(';', at);
      const end = next < 0 ? line.length : next;
      const [key, value] = end > at ? halves(line.slice(at, end)) : NOTHING;
      at = end + 1;
      if (key === 'secure') secure = true;
      else if (key === 'httponly') httpOnly = true;
      else if (key === 'samesite') site = value;
      else if (key === 'partitioned') needsSecure = true;
    }
    // Browsers drop SameSite=None and prefixed cookies that are not Secure (RFC 6265bis §5.7).
    if (site === 'none') needsSecure = true;
    let added = '';
    if (!secure && https && (options.secure || needsSecure)) added += '; Secure';
    if (!httpOnly && options.httpOnly && !readable.has(name)) added += '; HttpOnly';
    if (site === undefined) added += sameSite;
    return added === '' ? line : withoutTail(line) + added;
  };

  return {
    name: 'cookies',
    response(x: Exchange, reply: Reply) {
      if (reply.origin !== 'upstream') return;
      const { list } = reply.headers;
      const https = x.client.scheme === 'https';
      for (let i = 0; i < list.length; i += 2) {
        const name = list[i] as string;
        if (name.length === 10 && /^set-cookie$/i.test(name))
          list[i + 1] = harden(list[i + 1] as string, https);
      }
    },
  };
}

const NOTHING: [string, string] = ['', ''];

/** Name and value of an attribute, in lower case. */
function halves(attribute: string): [string, string] {
  const equals = attribute.indexOf('=');
  if (equals < 0) return [attribute.trim().toLowerCase(), ''];
  return [
    attribute.slice(0, equals).trim().toLowerCase(),
    attribute
      .slice(equals + 1)
      .trim()
      .toLowerCase(),
  ];
}

/** Cuts closing blanks and semicolons, in one pass over them. */
function withoutTail(line: string): string {
  let end = line.length;
  while (end > 0 && ends(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}

const ends = (code: number): boolean => code === 59 || code === 32 || code === 9;
