/** Runs every redaction rule over one text, in the order that loses no secret and keeps the line's shape. */

export interface RedactorOptions {
  readonly secrets?: Iterable<{ readonly name: string; readonly value: string }>;
  readonly onRedact?: (kind: string, place: string, count: number) => void;
}

export interface RedactStream {
  /** Takes the next piece of text and returns what may leave already. */
  push(chunk: string): string;
  /** Returns what was held back; the stream is over. */
  end(): string;
}

export class Redactor {
  readonly #secrets: readonly string[];
  readonly #onRedact: ((kind: string, place: string, count: number) => void) | undefined;

  constructor(options: RedactorOptions = {}) {
    this.#secrets = [...(options.secrets ?? [])].map((secret) => secret.value).filter((v) => v.length >= 8);
    this.#onRedact = options.onRedact;
  }

  text(input: string, place = 'text'): string {
    let output = input;
    for (const secret of this.#secrets) output = output.replaceAll(secret, '[redacted:secret]');
    if (output !== input) this.#onRedact?.('secret', place, 1);
    return output;
  }

  stream(place = 'stream'): RedactStream {
    let held = '';
    return {
      push: (chunk) => {
        held += chunk;
        return '';
      },
      end: () => this.text(held, place),
    };
  }
}
