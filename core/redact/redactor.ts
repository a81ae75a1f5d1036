/** Runs every redaction rule over one text, in the order that loses no secret and keeps the line's shape. */
import { findBlobs } from './blobs.ts';
import { looksHex, looksRandom } from './chance.ts';
import { encodings } from './encodings.ts';
import { Needles } from './needles.ts';
import { findPem } from './pem.ts';
import { Scan } from './scan.ts';
import { scanText } from './scanner.ts';
import { SHAPE_KINDS } from './shapes.ts';
import { CERTAINTY, render, type Span, Spans } from './spans.ts';
import { LineStream, type RedactStream } from './stream.ts';

export type OnRedact = (kind: string, place: string, count: number) => void;

export interface RedactorOptions {
  /** The values to look for in every encoding; those under eight characters are left to the other rules. */
  readonly secrets?: Iterable<{ readonly name: string; readonly value: string }>;
  /** Told once a text and kind how many were hidden, where anything was. */
  readonly onRedact?: OnRedact;
}

const DEEPEST = 2;
const QUOTED = /"([\w+/=-]{32,512})"/;
const OTHER_KINDS =
  'password secret token key session cookie bearer basic digest authorization url-password url-user private-key ' +
  'connection-string auth code signature sig salt seed assertion verifier ticket license webhook dsn mac';

export class Redactor {
  readonly #needles: Needles;
  readonly #kinds: ReadonlySet<string>;
  readonly #onRedact: OnRedact | undefined;

  constructor(options: RedactorOptions = {}) {
    const needles = new Map<string, string>();
    for (const { name, value } of options.secrets ?? []) {
      const kind = name.replace(/[^\w.-]/g, '_').slice(0, 48) || 'secret';
      for (const form of encodings(value)) if (!needles.has(form)) needles.set(form, kind);
    }
    this.#needles = new Needles(needles);
    this.#kinds = new Set([...needles.values(), ...SHAPE_KINDS, ...OTHER_KINDS.split(' ')]);
    this.#onRedact = options.onRedact;
  }

  /** Sanitises one text; the same input gives the same output, and its own output comes back unchanged. */
  text(input: string, place = 'text'): string {
    const { spans } = this.locate(input);
    if (spans.length === 0) return input;
    this.count(spans, place);
    return render(input, spans);
  }

  /** Would nothing of it be hidden? */
  spotless(text: string): boolean {
    return this.locate(text).spans.length === 0;
  }

  /** Sanitises a text that arrives in pieces, holding back no more than 64 KiB. */
  stream(place = 'stream'): RedactStream {
    return new LineStream(this, place);
  }

  /** What must be hidden in `text`, and where a private key begins whose end is still to come (-1 if none). */
  locate(text: string, depth = 0): { spans: Span[]; openKey: number } {
    const found = new Spans();
    this.#needles.search(text, (start, end, kind) => found.add(start, end, kind, CERTAINTY.exact));
    const openKey = findPem(text, found);
    scanText(new Scan(text, found));
    findBlobs(text, found, depth < DEEPEST ? (decoded) => this.#inspect(decoded, depth) : undefined);
    return { spans: found.empty ? [] : found.merged(text, this.#kinds), openKey };
  }

  /** Wrapped text is not there to be read: a string drawn by chance is enough to hide it. */
  #inspect(decoded: string, depth: number): string | undefined {
    const kind = this.locate(decoded, depth + 1).spans[0]?.kind;
    if (kind !== undefined) return kind;
    const quoted = QUOTED.exec(decoded)?.[1];
    return quoted !== undefined && (looksRandom(quoted) || looksHex(quoted)) ? 'secret' : undefined;
  }

  /** Reports what was hidden, once a kind. */
  count(spans: readonly Span[], place: string): void {
    if (this.#onRedact === undefined) return;
    const counts = new Map<string, number>();
    for (const { kind } of spans) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const [kind, count] of counts) this.#onRedact(kind, place, count);
  }
}
