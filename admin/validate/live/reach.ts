/** The few things that probes do on a network, each ended after some seconds. */
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

/** Milliseconds for one connection or one answer. */
export const PATIENCE = 4000;

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name; an address is its own. Rejects as `dns` does. */
export async function addressesOf(host: string): Promise<Address[]> {
  const name = host.replace(/^\[|\]$/g, '');
  const found = await within(lookup(name, { all: true, verbatim: true }));
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}

/** Undefined when something accepts; else the code of the error. */
export function connects(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: PATIENCE });
    const end = (code: string | undefined): void => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name));
  });
}

export interface Certificate {
  /** Why it is not to be trusted for the host. */
  readonly fault: string | undefined;
  readonly protocol: string | null;
  readonly daysLeft: number;
}

/** Shakes hands, whatever the certificate. Rejects with the error of the connection. */
export function handshake(host: string, port: number): Promise<Certificate> {
  return new Promise((resolve, reject) => {
    const servername = net.isIP(host) === 0 ? host : undefined;
    const socket = tls.connect({
      host,
      port,
      timeout: PATIENCE,
      rejectUnauthorized: false,
      ...(servername !== undefined && { servername }),
    });
    socket.once('secureConnect', () => {
      const { valid_to } = socket.getPeerCertificate();
      const fault = socket.authorizationError;
      resolve({
        fault:
          fault === undefined || fault === null
            ? undefined
            : String((fault as { code?: string }).code ?? fault),
        protocol: socket.getProtocol(),
        daysLeft: Math.floor((Date.parse(valid_to) - Date.now()) / 86_400_000),
      });
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    socket.once('error', reject);
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The first 64 KB. */
  readonly body: string;
}

const KEPT = 64 * 1024;

/** GETs once, follows nothing, takes any certificate: that is another probe's to judge. Rejects with the error. */
export function get(url: URL, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const engine = url.protocol === 'https:' ? https : http;
    const options = { headers: { connection: 'close', ...headers }, agent: false, timeout: PATIENCE };
    const request = engine.get(url, { ...options, rejectUnauthorized: false }, (response) => {
      let body = '';
      const end = (): void => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        request.destroy();
      };
      response.setEncoding('latin1');
      response.on('data', (text: string) => {
        body += text;
        if (body.length >= KEPT) end();
      });
      response.once('end', end);
      response.once('error', end);
    });
    const deadline = setTimeout(
      () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
      PATIENCE,
    );
    request.once('close', () => clearTimeout(deadline));
    request.once('error', reject);
  });
}

/** Rejects with ETIMEDOUT when it takes longer than {@link PATIENCE}. */
export async function within<T>(work: Promise<T>, patience = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
