/** Turns links to the upstream's own address into links to the host the client knows. */
import type { Client, Exchange, Filter, Reply } from '../exchange.ts';
import { namesOf } from '../header-block.ts';

export interface RedirectsOptions {
  /** URL of the upstream, such as `http://127.0.0.1:8000` (`h2c:` has no origin of its own). */
  readonly upstream: string;
}

const ABSOLUTE = /^(?:(https?):)?\/\/([^/?#\\@]*)(?=[/?#]|$)/i;
const REFRESH = /^([\d.]*\s*[;,]\s*(?:url\s*=\s*)?["']?)(.*)$/is;
const isLink = namesOf('location', 'content-location', 'refresh');
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]'];

export function redirects(options: RedirectsOptions): Filter {
  const own = ownAuthorities(new URL(options.upstream));

  const rewrite = (client: Client, value: string): string => {
    const match = ABSOLUTE.exec(value);
    if (match === null) return value;
    const scheme = match[1]?.toLowerCase();
    const authority = (match[2] as string).toLowerCase();
    const rest = value.slice(match[0].length);
    if (own.has(authority)) {
      if (client.host === '') return rest.startsWith('/') ? rest : `/${rest}`;
      return `${client.scheme}://${client.host}${rest}`;
    }
    // An app behind TLS that is not told so redirects to http, and the client would leave TLS for one request.
    if (scheme === 'http' && client.scheme === 'https' && authority === client.host.toLowerCase()) {
      return `https://${client.host}${rest}`;
    }
    return value;
  };

  return {
    name: 'redirects',
    response(x: Exchange, reply: Reply) {
      if (reply.origin !== 'upstream' || !reply.headers.hasAny(isLink)) return;
      const { list } = reply.headers;
      for (let i = 0; i < list.length; i += 2) {
        const name = list[i] as string;
        const value = list[i + 1] as string;
        switch (name.length) {
          case 8:
          case 16:
            if (/^(?:content-)?location$/i.test(name)) list[i + 1] = rewrite(x.client, value);
            break;
          case 7: {
            const refresh = /^refresh$/i.test(name) ? REFRESH.exec(value) : null;
            if (refresh !== null) list[i + 1] = `${refresh[1]}${rewrite(x.client, refresh[2] as string)}`;
            break;
          }
        }
      }
    },
  };
}

/** Every spelling of the upstream's host and port; on loopback they are all one server. */
function ownAuthorities(upstream: URL): Set<string> {
  const hosts = LOOPBACK.includes(upstream.hostname) ? LOOPBACK : [upstream.hostname];
  const usual = upstream.protocol === 'https:' ? '443' : '80';
  const port = upstream.port === '' ? usual : upstream.port;
  const authorities = new Set(hosts.map((host) => `${host}:${port}`));
  if (port === usual) for (const host of hosts) authorities.add(host);
  return authorities;
}
