/** A whole admin port on a free loopback port, with its clock, log and lifecycle in hand. */
import { afterEach } from 'vitest';
import { type Admin, createAdmin } from '../../../admin/admin.ts';
import { Secret } from '../../../config/secret.ts';
import { Lifecycle, type Probe } from '../../../core/lifecycle.ts';
import { Metrics } from '../../../core/metrics.ts';
import { Redactor } from '../../../core/redact.ts';
import { HandClock, type KeptLines, keptLog } from '../core/lines.ts';

export const TOKEN = 'a-token-of-at-least-thirty-two-characters';

export interface Port {
  readonly admin: Admin;
  readonly port: number;
  readonly clock: HandClock;
  readonly lifecycle: Lifecycle;
  readonly kept: KeptLines;
  get(path: string, init?: RequestInit): Promise<Response>;
}

const open: Admin[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((admin) => admin.close()));
});

export interface PortOptions {
  readonly token?: string;
  readonly probes?: readonly Probe[];
  readonly port?: number;
  readonly effective?: unknown;
}

export function build(options: PortOptions = {}) {
  const clock = new HandClock();
  const { log, kept } = keptLog();
  const lifecycle = new Lifecycle();
  const core = {
    log,
    metrics: new Metrics({ version: '1.2.3' }),
    redactor: new Redactor(),
    clock,
    lifecycle,
    version: '1.2.3',
  };
  const admin = createAdmin({
    core,
    probes: options.probes ?? [],
    listeners: {
      adminHost: '127.0.0.1',
      adminPort: options.port ?? 0,
      adminToken: options.token === undefined ? undefined : new Secret(options.token),
    },
    effective: options.effective ?? { PUBLIC_HOST: 'the-effective-config' },
  });
  return { admin, clock, lifecycle, kept };
}

export async function startPort(options: PortOptions = {}): Promise<Port> {
  const built = build(options);
  const { port } = await built.admin.listen();
  open.push(built.admin);
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { ...built, port, get };
}

export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
