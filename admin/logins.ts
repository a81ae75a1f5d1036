/** The dashboard's login: a cookie that proves the token was shown within the hour, and what guards it against other sites. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { AdminRequest } from './route.ts';

const COOKIE = 'railguard_admin';
const LIFE_SECONDS = 3600;
const MAX_ENDED = 1000;
const FORM = /^([0-9a-z]{1,12})\.([\w-]{22})\.([\w-]{43})$/;

export interface Login {
  /** What a page of ours must send along with a change. */
  readonly csrf: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** No state but the logins that were ended early: every replica with the token knows the cookie. */
export class Logins {
  private readonly token: string;
  private readonly clock: Clock;
  /** In order of their end; a restart forgets them, and an hour does. */
  private readonly ended = new Map<string, number>();

  constructor(token: string, clock: Clock) {
    this.token = token;
    this.clock = clock;
  }

  /** A `Set-Cookie` value; `secure` when the browser came by https. */
  begin(secure: boolean): string {
    const expires = Math.floor(this.clock.now() / 1000) + LIFE_SECONDS;
    const payload = `${expires.toString(36)}.${randomBytes(16).toString('base64url')}`;
    return attributes(`${payload}.${this.sign('login', payload)}`, LIFE_SECONDS, secure);
  }

  /** The login a request carries; undefined without one that holds. */
  of(request: Pick<AdminRequest, 'headers'>): Login | undefined {
    const [, expires = '', nonce = '', mac = ''] = FORM.exec(cookie(request.headers.cookie) ?? '') ?? [];
    if (nonce === '') return undefined;
    const payload = `${expires}.${nonce}`;
    if (!same(mac, this.sign('login', payload))) return undefined;
    const expiresAt = Number.parseInt(expires, 36) * 1000;
    if (expiresAt <= this.clock.now() || this.ended.has(payload)) return undefined;
    return { csrf: this.sign('csrf', payload), expiresAt };
  }

  /** Did this request come from a page of ours? Whoever asks for a change must prove it. */
  proven(request: Pick<AdminRequest, 'headers'>, given = request.headers['x-csrf-token']): boolean {
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return false;
    const login = this.of(request);
    return login !== undefined && typeof given === 'string' && same(given, login.csrf);
  }

  /** Ends the login a request carries; gives the `Set-Cookie` value that removes it. */
  end(request: Pick<AdminRequest, 'headers'>): string {
    const login = this.of(request);
    const payload = FORM.exec(cookie(request.headers.cookie) ?? '');
    if (login !== undefined && payload !== null) this.forget(`${payload[1]}.${payload[2]}`, login.expiresAt);
    return attributes('', 0, false);
  }

  private forget(payload: string, until: number): void {
    const now = this.clock.now();
    for (const [old, end] of this.ended) {
      if (end > now && this.ended.size < MAX_ENDED) break;
      this.ended.delete(old);
    }
    this.ended.set(payload, until);
  }

  private sign(purpose: string, payload: string): string {
    return createHmac('sha256', this.token).update(`railguard ${purpose} ${payload}`).digest('base64url');
  }
}

const attributes = (value: string, seconds: number, secure: boolean): string =>
  `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;

/** The value of our cookie; two of them are none. */
function cookie(header: string | undefined): string | undefined {
  const found = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`));
  return found.length === 1 ? found[0]?.slice(COOKIE.length + 1) : undefined;
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
