/** What a host name says of the network it is on. */

const bare = (host: string): string => host.toLowerCase().replace(/^\[|\]$/g, '');

export const isLoopback = (host: string): boolean =>
  /^(localhost\.?|127(\.\d{1,3}){3}|::1|0\.0\.0\.0|::)$/.test(bare(host));

export const onPrivateRailway = (host: string): boolean => /\.railway\.internal\.?$/i.test(host);

/** Reached over no public network: loopback, private addresses, names without a dot, names that only resolvers inside know. */
export function isPrivate(host: string): boolean {
  const name = bare(host);
  if (isLoopback(name) || onPrivateRailway(name)) return true;
  if (/^(10|127)\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^169\.254\./.test(name) && /^[\d.]+$/.test(name))
    return true;
  if (/^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/.test(name)) return true;
  return /\.(internal|local|lan|home\.arpa|svc)$/.test(name) || !/[.:]/.test(name);
}
