/** What an auditor asks for afterwards: who was let in, refused, ended; each event once, redacted, to every sink. */
import type { Clock } from './clock.ts';
import { Ids } from './ids.ts';
import type { EventType, Log } from './logger.ts';
import type { Redactor } from './redact.ts';

export const AUDIT_TYPES = [
  'authentication',
  'api_key_usage',
  'permission_check',
  'session',
  'revocation',
  'admin_access',
  'secret_rotation',
] as const;
export type AuditType = (typeof AUDIT_TYPES)[number];

/** What happened; never a token, a key or a raw session id. */
export interface AuditFacts {
  readonly type: AuditType;
  /** `login_failed`, `ended`, …: a bounded set of words. */
  readonly action: string;
  readonly outcome: 'success' | 'failure';
  readonly reason?: string | undefined;
  /** A verified subject, or one an operator named; the name of a secret. */
  readonly subject?: string | undefined;
  /** Name of the session, not its id. */
  readonly session?: string | undefined;
  /** Salted fingerprint of an API key. */
  readonly key_id?: string | undefined;
  readonly client_ip?: string | undefined;
  readonly correlation_id?: string | undefined;
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly count?: number | undefined;
}

export interface AuditEvent extends AuditFacts {
  /** UUIDv7: sorts by time. */
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Takes events one by one; must neither throw nor wait. */
export interface AuditSink {
  write(event: AuditEvent): void;
}

export interface AuditQuery {
  /** Milliseconds since the epoch: this and later. */
  readonly since?: number | undefined;
  readonly type?: AuditType | undefined;
  readonly subject?: string | undefined;
  /** Id of the last event of the page before: only what is older; nothing when there is no such event. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** A sink that can be asked. */
export interface AuditStore {
  /** Newest first. */
  query(query: AuditQuery): readonly AuditEvent[] | Promise<readonly AuditEvent[]>;
}

const LONGEST = 256;
/** Words and names of railguard's own making: nothing of a client's is in them. */
const OURS: ReadonlySet<string> = new Set([
  'type',
  'action',
  'outcome',
  'session',
  'key_id',
  'client_ip',
  'count',
]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface AuditOptions {
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly sinks: readonly AuditSink[];
}

/** Where every part of railguard records. */
export class Audit {
  private readonly options: AuditOptions;
  private readonly ids: Ids;

  constructor(options: AuditOptions) {
    this.options = options;
    this.ids = new Ids(options.clock);
  }

  /** Never throws. */
  record(facts: AuditFacts): void {
    const { clock, sinks } = this.options;
    const event: Record<string, unknown> = { id: this.ids.uuid(), time: new Date(clock.now()).toISOString() };
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined) event[name] = OURS.has(name) ? value : this.plain(value);
    }
    for (const sink of sinks) sink.write(event as unknown as AuditEvent);
  }

  /** Passes on what another process recorded. */
  relay(event: AuditEvent): void {
    for (const sink of this.options.sinks) sink.write(event);
  }

  private plain(text: unknown): unknown {
    if (typeof text !== 'string' || UUID.test(text)) return text;
    const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    return this.options.redactor.text(cut, 'audit');
  }
}

/** The newest events in memory: a fixed number, the oldest overwritten. */
export class RingAudit implements AuditSink, AuditStore {
  private readonly events: (AuditEvent | undefined)[];
  private next = 0;

  constructor(capacity = 10_000) {
    this.events = new Array<AuditEvent | undefined>(capacity).fill(undefined);
  }

  write(event: AuditEvent): void {
    this.events[this.next] = event;
    this.next = (this.next + 1) % this.events.length;
  }

  query({ since, type, subject, before, limit }: AuditQuery): readonly AuditEvent[] {
    const found: AuditEvent[] = [];
    let reached = before === undefined;
    const { length } = this.events;
    for (let i = 1; i <= length && found.length < limit; i++) {
      const event = this.events[(this.next - i + length) % length];
      if (event === undefined || (since !== undefined && Date.parse(event.time) < since)) break;
      if (!reached) {
        reached = event.id === before;
        continue;
      }
      if (type !== undefined && event.type !== type) continue;
      if (subject !== undefined && event.subject !== subject) continue;
      found.push(event);
    }
    return found;
  }
}

/** Log lines know fewer kinds of event than the audit does. */
const EVENT_TYPES: Readonly<Record<AuditType, EventType>> = {
  authentication: 'authentication',
  api_key_usage: 'api_key_usage',
  permission_check: 'permission_check',
  session: 'session',
  revocation: 'session',
  admin_access: 'authentication',
  secret_rotation: 'secret_rotation',
};

/** Writes each event as a log line: failures as warnings, which are never dropped for rate. */
export class LogAudit implements AuditSink {
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  write({ time: _time, type, ...facts }: AuditEvent): void {
    const place = type === 'admin_access' ? { place: 'admin' } : {};
    const line = { ...facts, ...place, audit: type };
    const level = facts.outcome === 'failure' ? 'warn' : 'info';
    this.log[level](EVENT_TYPES[type], `${type}: ${facts.action}`, line);
  }
}
