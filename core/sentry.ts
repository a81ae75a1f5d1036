/** Errors on their way to Sentry: grouped, bounded in number, and without a secret in any byte. Loaded only with a DSN. */
import {
  defaultStackParser,
  type ErrorEvent,
  linkedErrorsIntegration,
  NodeClient,
  Scope,
} from '@sentry/node';
import { Budget } from './budget.ts';
import type { Clock } from './clock.ts';
import { loggable } from './log-value.ts';
import type { EventType } from './logger.ts';
import type { Redactor } from './redact.ts';
import type { Reporter } from './reporter.ts';
import { boundedTransport } from './sentry/transport.ts';

export interface SentryOptions {
  readonly dsn: string;
  readonly environment: string;
  /** Commit or version that runs. */
  readonly release: string;
  readonly redactor: Pick<Redactor, 'text'>;
  readonly clock: Clock;
}

type ClientOptions = ConstructorParameters<typeof NodeClient>[0];
type Facts = Readonly<Record<string, unknown>>;

/** Reports a second in all, and of one group within a minute: an outage says the same thing a thousand times. */
const PER_SECOND = 10;
const PER_GROUP = 5;
const GROUP_WINDOW = 60_000;
const MOST_GROUPS = 500;
/** Characters of a text that is sent, and those that are redacted first: half a secret at the cut is not recognised. */
const KEPT = 8 * 1024;
const READ = 8 * KEPT;
/** Facts that are worth a search. */
const TAGS = ['correlation_id', 'code', 'endpoint', 'method', 'status_code', 'filter'] as const;

interface Group {
  until: number;
  left: number;
  suppressed: number;
}

export class Sentry implements Reporter {
  private readonly options: SentryOptions;
  private readonly client: NodeClient;
  private readonly budget: Budget;
  private readonly groups = new Map<string, Group>();

  /** Sends nothing yet. A DSN that can't be read leaves it mute. */
  constructor(options: SentryOptions) {
    this.options = options;
    this.budget = new Budget(PER_SECOND, () => options.clock.monotonic());
    this.client = new NodeClient(clientOptions(options, (event) => this.scrubbed(event)));
    this.client.addIntegration(linkedErrorsIntegration());
  }

  error(eventType: EventType, message: string, facts: Facts): void {
    try {
      const fingerprint = groupOf(eventType, message, facts);
      const suppressed = this.admit(fingerprint.join(' '));
      if (suppressed === undefined) return;
      // What asked has an answer to send first.
      setImmediate(() => this.send(eventType, message, facts, fingerprint, suppressed));
    } catch {
      // Facts that can't be read are in the log, as far as they go.
    }
  }

  async flush(timeout: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await this.client.close(timeout);
    } catch {
      // Nobody is left to be told.
    }
  }

  /** How many were kept back since the last one of the group; undefined when this one is, too. */
  private admit(key: string): number | undefined {
    const now = this.options.clock.monotonic();
    let group = this.groups.get(key);
    if (group === undefined) {
      // The oldest makes room: a group that comes back is merely reported once more.
      if (this.groups.size >= MOST_GROUPS) this.groups.delete(this.groups.keys().next().value as string);
      group = { until: now + GROUP_WINDOW, left: PER_GROUP, suppressed: 0 };
      this.groups.set(key, group);
    } else if (now >= group.until) {
      group.until = now + GROUP_WINDOW;
      group.left = PER_GROUP;
    }
    if (group.left === 0 || !this.budget.take()) {
      group.suppressed++;
      return undefined;
    }
    group.left--;
    const { suppressed } = group;
    group.suppressed = 0;
    return suppressed;
  }

  private send(
    eventType: EventType,
    message: string,
    facts: Facts,
    fingerprint: string[],
    suppressed: number,
  ): void {
    try {
      const scope = new Scope();
      scope.setLevel('error');
      scope.setFingerprint(fingerprint);
      scope.setTags({ event_type: eventType, release: this.options.release, ...tagsOf(facts) });
      scope.setContext('railguard', { message, ...(suppressed > 0 && { suppressed }), ...extrasOf(facts) });
      const { error } = facts;
      if (error instanceof Error) this.client.captureException(error, { originalException: error }, scope);
      else this.client.captureEvent({ message: message.slice(0, READ), level: 'error' }, undefined, scope);
    } catch {
      // A report that fails is in the log all the same.
    }
  }

  /** The whole event as it stands on the wire, breadcrumbs and all; what can't be redacted is not sent. */
  private scrubbed(event: ErrorEvent): ErrorEvent | null {
    try {
      // What the client keeps for itself never leaves, and can't be written as JSON.
      const { sdkProcessingMetadata: _, event_id, timestamp, ...rest } = event;
      const clean = JSON.parse(this.options.redactor.text(JSON.stringify(rest), 'sentry'), clipped) as object;
      return Object.assign(clean, { type: undefined, event_id, timestamp }) as ErrorEvent;
    } catch {
      return null;
    }
  }
}

const clipped = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > KEPT ? `${value.slice(0, KEPT)}…` : value;

function clientOptions(
  { dsn, environment, release }: SentryOptions,
  beforeSend: (event: ErrorEvent) => ErrorEvent | null,
): ClientOptions {
  return {
    dsn: dsn.trim(),
    environment,
    release,
    beforeSend,
    transport: boundedTransport,
    stackParser: defaultStackParser,
    integrations: [],
    includeServerName: false,
    sendClientReports: false,
    enableRuntimeChannelInjection: false,
    maxBreadcrumbs: 0,
    maxValueLength: READ,
    dataCollection: {
      userInfo: false,
      cookies: false,
      httpHeaders: false,
      httpBodies: [],
      urlQueryParams: false,
    },
  };
}

/** The app's errors by where and what, an upstream that fails by how, our own faults by their stack. */
function groupOf(eventType: EventType, message: string, facts: Facts): string[] {
  const { endpoint, method, status_code: status, code, error } = facts;
  if (status !== undefined) return ['app', word(method), word(endpoint), word(status)];
  if (eventType === 'upstream_error') return ['upstream', word(code)];
  const type = error instanceof Error ? `${error.name} ${frameOf(error)}` : '';
  return [eventType, message.slice(0, 128), word(code), type];
}

const word = (fact: unknown): string =>
  typeof fact === 'string' ? fact.slice(0, 128) : typeof fact === 'number' ? String(fact) : '-';

/** Where it was thrown: the message may differ each time. */
const frameOf = ({ stack }: Error): string =>
  typeof stack === 'string' ? (/^\s+at .*$/m.exec(stack)?.[0].trim().slice(0, 200) ?? '') : '';

function tagsOf(facts: Facts): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const name of TAGS) {
    const value = word(facts[name]);
    if (value !== '-') tags[name] = value;
  }
  return tags;
}

function extrasOf(facts: Facts): Record<string, unknown> {
  const extras: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) {
    if ((TAGS as readonly string[]).includes(name) || value instanceof Error) continue;
    // A client's address is the log's affair.
    if (name === 'client_ip' || name === 'user_id') continue;
    extras[name] = typeof value === 'string' ? value.slice(0, READ) : loggable(value);
  }
  return extras;
}
