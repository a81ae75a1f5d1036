/** Serves the operator's host names alone: an app that builds links from Host must never see a stranger's. */
import type { Exchange, Filter } from '../exchange.ts';
import { Problem } from '../problem.ts';

export interface TrustedHostOptions {
  /** Lower-case names without port; `*.example.org` takes every name below it. Empty takes any host. */
  readonly hosts: readonly string[];
}

/** Refuses with 421. The syntax of Host is settled before, and the health path answered: no exemption lives here. */
export function trustedHost(options: TrustedHostOptions): Filter {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const host of options.hosts) {
    if (host.startsWith('*.')) suffixes.push(host.slice(1));
    else exact.add(host);
  }
  const open = options.hosts.length === 0;

  const trusts = (authority: string): boolean => {
    if (exact.has(authority)) return true;
    const name = hostName(authority);
    if (exact.has(name)) return true;
    for (const suffix of suffixes) if (name.length > suffix.length && name.endsWith(suffix)) return true;
    return false;
  };

  return {
    name: 'trusted-host',
    request(x: Exchange) {
      if (open) return undefined;
      const { authority } = x.request;
      const seen = x.client.host;
      // A trusted proxy may name another host than it connects with; the app is told of both.
      if (trusts(authority) && (seen === authority || seen === '' || trusts(seen))) return undefined;
      throw new Problem('host_untrusted');
    },
  };
}

/** `APP.test.:8080` → `app.test`; a trailing dot is the same host (RFC 3986 §3.2.2). */
function hostName(authority: string): string {
  const end = authority.startsWith('[') ? authority.indexOf(']') + 1 : authority.lastIndexOf(':');
  const name = (end > 0 ? authority.slice(0, end) : authority).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
