/** Reads the URL of a database or a Redis: where it leads, whether it is encrypted, and which part of it is the secret. */

export interface Connection {
  /** Percent-decoded; undefined when there is none. */
  readonly password: string | undefined;
  readonly local: boolean;
  readonly encrypted: boolean;
}

const FORMS = {
  database: /^postgres(?:ql)?(?:\+\w+)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/[^?#]*)?(?:\?([^#]*))?$/i,
  redis: /^rediss?:\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/[^?#]*)?(?:\?([^#]*))?$/i,
} as const;

const HOST = /^(?:\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/i;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0)(?::\d+)?$/i;
/** Railway's private network is encrypted between its services. */
const PRIVATE = /\.railway\.internal(?::\d+)?$/i;
const TLS_MODES = ['require', 'verify-ca', 'verify-full', 'no-verify'];

/** Undefined when it is no URL of its kind. */
export function readConnection(kind: keyof typeof FORMS, text: string): Connection | undefined {
  const form = FORMS[kind].exec(text);
  if (form === null || /\s/.test(text)) return undefined;
  const [, credentials, authority = '', query = ''] = form;
  const parameters = new URLSearchParams(query);
  const hosts = (authority || parameters.get('host') || '').split(',');
  if (!hosts.every((host) => HOST.test(host))) return undefined;
  const mode = parameters.get('sslmode') ?? parameters.get('ssl') ?? '';
  const asked = kind === 'redis' ? /^rediss:/i.test(text) : TLS_MODES.includes(mode) || mode === 'true';
  const written = credentials?.slice(credentials.indexOf(':') + 1 || credentials.length);
  const password = written === undefined ? undefined : decoded(written);
  return {
    password: password === '' ? undefined : password,
    local: hosts.some((host) => LOOPBACK.test(host)),
    encrypted:
      asked || hosts.every((host) => PRIVATE.test(host) || LOOPBACK.test(host) || host.startsWith('/')),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The key of a DSN: what comes before the host. */
export const dsnKey = (text: string): string => /^(?:https?:\/\/)?([^@/]+)@/.exec(text)?.[1] ?? text;
