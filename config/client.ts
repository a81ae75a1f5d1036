/** Who the client is: which peers are believed, and which header they name it in. */
import { onRailway } from './platform.ts';
import { choice, cidrs } from './var.ts';

export const client = {
  ipSource: choice('CLIENT_IP_SOURCE', ['socket', 'x-real-ip', 'x-forwarded-for'], {
    default: {
      from: ({ env }) => (onRailway(env) ? 'x-real-ip' : 'socket'),
      text: '`x-real-ip` on Railway, else `socket`',
    },
    doc: "Where the client's address is taken from; a header counts only from a trusted peer.",
  }),
  trustedProxies: cidrs('TRUSTED_PROXIES', {
    default: {
      from: ({ env }) => (onRailway(env) ? '0.0.0.0/0,::/0' : 'none'),
      text: '`0.0.0.0/0,::/0` (any peer) on Railway, else `none`',
    },
    doc: 'Peers whose forwarding headers are believed.',
  }),
};
