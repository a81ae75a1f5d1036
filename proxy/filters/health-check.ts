/** Answers the platform's probe: exactly this path, GET or HEAD, before host, limits or tokens can refuse it. */
import { type Exchange, type Filter, Reply } from '../exchange.ts';
import { HeaderBlock } from '../header-block.ts';

/** `healthy` is asked once a request; it answers from what is known, within its own bound. */
export function healthCheck(path: string, healthy: () => boolean | Promise<boolean>): Filter {
  const answer = (ok: boolean): Reply => {
    const headers = new HeaderBlock(['Content-Type', 'application/json', 'Cache-Control', 'no-store']);
    return new Reply(
      ok ? 200 : 503,
      headers,
      ok ? '{"status":"ok"}' : '{"status":"unavailable"}',
      'railguard',
    );
  };
  return {
    name: 'health-check',
    request(x: Exchange): Reply | undefined | Promise<Reply> {
      const { request } = x;
      if (request.kind !== 'http' || (request.method !== 'GET' && request.method !== 'HEAD'))
        return undefined;
      if (request.target !== path) return undefined;
      const ok = healthy();
      return typeof ok === 'boolean' ? answer(ok) : ok.then(answer);
    },
  };
}
