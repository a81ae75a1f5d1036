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
    const [pair = '', ...attributes] = line.split(';');
    const name = pair.slice(0, Math.max(pair.indexOf('='), 0)).trim();
    if (name === '') return line;
    let secure = false;
    let httpOnly = false;
    let site: string | undefined;
    let needsSecure = /^__(?:Host|Secure)-/i.test(name);
    for (const attribute of attributes) {
      const [key = '', value = ''] = attribute.split('=', 2).map((part) => part.trim().toLowerCase());
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

/** Cuts closing blanks and semicolons, in one pass over them. */
function withoutTail(line: string): string {
  let end = line.length;
  while (end > 0 && /[;\s]/.test(line[end - 1] as string)) end--;
  return line.slice(0, end);
}
