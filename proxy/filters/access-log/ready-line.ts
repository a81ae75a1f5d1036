/** Puts the line of a request together from parts that come again: each is serialised, and found to hold no secret, once. */
import { Recent } from '../../../core/recent.ts';
import type { Exchange, Outcome } from '../../exchange.ts';
import { PROTOCOL, rounded, title } from './facts.ts';

/** What a target, or a client, has in common with many others: text of the line before and after what differs. */
interface Part {
  readonly method: string;
  readonly status: number;
  readonly endpoint: string;
  readonly before: string;
  readonly after: string;
}

interface Tail {
  readonly address: string;
  readonly subject: string | undefined;
  readonly protocol: string;
  readonly end: string;
  readonly code: string | undefined;
  readonly text: string;
}

/** Paths and clients that are remembered, at least; longer paths are not. */
const REMEMBERED = 512;
const LONGEST = 256;
/** Of one path by method and status, and of one user (or address without one) by address and outcome. */
const VARIANTS = 8;
/** Stands for an id while a part is judged: a redactor reads what is around a value, too. */
const SAMPLE_ID = '00000000-0000-7000-8000-000000000000';

export class ReadyLine {
  private readonly parts = new Recent<Part[]>(REMEMBERED);
  private readonly tails = new Recent<Tail[]>(REMEMBERED);
  private readonly spotless: (json: string) => boolean;

  /** `spotless` says that nothing would be hidden in a text, nor written otherwise. */
  constructor(spotless: (json: string) => boolean) {
    this.spotless = spotless;
  }

  /** The members of the line from `message` on, closed; undefined when some of it needs a look of its own. */
  of(x: Exchange, outcome: Outcome, elapsed: number): string | undefined {
    const part = this.part(x, outcome);
    const tail = this.tail(x, outcome);
    if (part === undefined || tail === undefined) return undefined;
    if (!x.ownId && !this.spotless(`${part.before}${x.requestId}${part.after}0}`)) return undefined;
    const upstream = x.upstreamMs < 0 ? '' : `,"upstream_ms":${rounded(x.upstreamMs)}`;
    return `${part.before}${x.requestId}${part.after}${rounded(elapsed)}${upstream},"bytes_in":${x.bytesIn},"bytes_out":${outcome.bytesOut}${tail}`;
  }

  private part(x: Exchange, outcome: Outcome): Part | undefined {
    const { method, path } = x.request;
    const { endpoint } = x;
    const { status } = outcome;
    const known = this.parts.get(path);
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const part = known[i] as Part;
        if (part.status === status && part.method === method && part.endpoint === endpoint) return part;
      }
    }
    if (path.length > LONGEST) return undefined;
    const text = JSON.stringify;
    const before = `"message":${text(title(x, outcome))},"event_type":"request_performance","correlation_id":"`;
    const after = `","method":${text(method)},"endpoint":${text(endpoint)},"path":${text(path)},"status_code":${status},"execution_time_ms":`;
    if (!this.spotless(`{${before}${SAMPLE_ID}${after}0}`)) return undefined;
    const part = { method: flat(method), status, endpoint, before: flat(before), after: flat(after) };
    remember(this.parts, path, known, part);
    return part;
  }

  private tail(x: Exchange, outcome: Outcome): string | undefined {
    const { address } = x.client;
    const subject = x.identity?.subject;
    const protocol = PROTOCOL[x.request.kind === 'upgrade' ? 'upgrade' : x.request.version];
    const code = x.problem?.code;
    const key = subject ?? address;
    const known = this.tails.get(key);
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const tail = known[i] as Tail;
        if (
          tail.protocol === protocol &&
          tail.end === outcome.end &&
          tail.code === code &&
          tail.subject === subject &&
          tail.address === address
        )
          return tail.text;
      }
    }
    if (subject !== undefined && subject.length > LONGEST) return undefined;
    const facts = { client_ip: address, user_id: subject, protocol, outcome: outcome.end, code };
    const json = JSON.stringify(facts);
    if (!this.spotless(`{"bytes_out":0,${json.slice(1)}`)) return undefined;
    const text = flat(`,${json.slice(1)}`);
    remember(this.tails, key, known, { address, subject, protocol, end: outcome.end, code, text });
    return text;
  }
}

function remember<Value>(
  memory: Recent<Value[]>,
  key: string,
  known: Value[] | undefined,
  value: Value,
): void {
  if (known === undefined) memory.set(flat(key), [value]);
  else if (known.length < VARIANTS) known.push(value);
  // The one that was learned first makes room: it may be of a user who is long gone.
  else {
    known.shift();
    known.push(value);
  }
}

/** A copy of its own: a slice would keep the whole head it was cut from. */
const flat = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
