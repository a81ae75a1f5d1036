/** Which host names are served. */
import { isIP } from 'node:net';
import { bad, good, type Parsed, parseEach, quote } from './parse.ts';
import { variable } from './var.ts';

export const hosts = {
  trusted: variable(
    'TRUSTED_HOSTS',
    {
      default: 'none',
      doc: 'Host names that are served; `*.example.org` takes every name below it. Any host when empty.',
    },
    { kind: 'list of hosts', parse: (text) => parseEach(text, parseTrustedHost) },
  ),
};

/** Lower-case name or address without port; `*.` in front takes every name below. */
function parseTrustedHost(text: string): Parsed<string> {
  if (text.includes('/')) return bad(`${quote(text)} is not a host; leave out the scheme and the path`);
  const host = text.toLowerCase().replace(/\.$/, '');
  if (/^\[.+\]$/.test(host) && isIP(host.slice(1, -1)) === 6) return good(host);
  if (isIP(host) === 6) return good(`[${host}]`);
  if (/:\d*$/.test(host)) return bad(`${quote(text)} has a port; leave it out, every port is meant`);
  if (host === '*') return bad('`*` is every host; leave the variable empty for that');
  const name = /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;
  if (name.test(host)) return good(host);
  return bad(`${quote(text)} is not a host; use app.example.org or *.example.org`);
}
