/** The declaration of a variable: from it come the parser, the type, `railguard env`, the docs and `.env.example`. */
import {
  bad,
  formatDuration,
  formatSize,
  good,
  type Parsed,
  parseBool,
  parseDuration,
  parseEach,
  parseInteger,
  parseSize,
  quote,
} from './parse.ts';
import { parseCidr, parseHost, parsePath, parsePathPattern, parseUrl } from './parse-net.ts';
import { Secret } from './secret.ts';

export { bad, good, type Parsed, quote } from './parse.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a default or a parser may look at besides the text. */
export interface Context {
  readonly env: Env;
  /** Is stdout a terminal? */
  readonly tty: boolean;
  /** A file's text, relative to the working directory. Throws as `fs` does. */
  readFile(path: string): string;
}

/** A default that depends on where railguard runs; `text` says how, for the docs. */
export interface Computed {
  readonly from: (context: Context) => string;
  readonly text: string;
}

export interface Options {
  readonly default?: string | Computed;
  /** One sentence: what it decides. */
  readonly doc: string;
}

/** What a value looks like in the effective view. */
export type Shown = string | number | boolean | null | readonly string[];

export interface Variable<T> {
  readonly name: string;
  readonly kind: string;
  readonly default: string | Computed | undefined;
  readonly doc: string;
  readonly secret: boolean;
  /** `text` is never empty: an empty variable counts as not set. */
  parse(text: string, context: Context): Parsed<T>;
  show(value: T): Shown;
}

export type Section = Readonly<Record<string, Variable<unknown>>>;

/** The values a section's declarations give: `undefined` is possible only where there is no default. */
export type Values<S extends Section> = {
  readonly [K in keyof S]: S[K] extends Variable<infer T> ? T : never;
};

type Given<T, O extends Options> = Variable<O extends { default: string | Computed } ? T : T | undefined>;

interface Kind<T> {
  readonly kind: string;
  readonly secret?: boolean;
  parse(text: string, context: Context): Parsed<T>;
  show?(value: T): Shown;
}

/** A kind of its own: for what no kind below can say. `kind` is its name in the docs. */
export function variable<T, const O extends Options>(name: string, options: O, kind: Kind<T>): Given<T, O> {
  const secret = kind.secret ?? false;
  const show = kind.show ?? ((value: T) => value as Shown);
  const declared: Variable<T> = {
    name,
    kind: kind.kind,
    default: options.default,
    doc: options.doc,
    secret,
    parse: (text, context) => kind.parse(secret ? text : text.trim(), context),
    show: (value) => (value === undefined ? null : secret ? '[set]' : show(value)),
  };
  return declared as Given<T, O>;
}

interface Range {
  readonly min?: string;
  readonly max?: string;
}

/** Holds a parsed number between two bounds that are written in the kind's own form. */
function within(
  parsed: Parsed<number>,
  parse: (text: string) => Parsed<number>,
  range: Range,
): Parsed<number> {
  if ('error' in parsed) return parsed;
  const bound = (text: string | undefined, otherwise: number): number => {
    const limit = text === undefined ? good(otherwise) : parse(text);
    if ('error' in limit) throw new TypeError(`bound ${limit.error}`);
    return limit.value;
  };
  if (parsed.value < bound(range.min, Number.NEGATIVE_INFINITY)) return bad(`must be at least ${range.min}`);
  if (parsed.value > bound(range.max, Number.POSITIVE_INFINITY)) return bad(`must be at most ${range.max}`);
  return parsed;
}

/** Milliseconds. Give what ends in a timer a `max` of 24d: Node's timers overflow at 2^31 ms and fire at once. */
export const duration = <const O extends Options & Range>(name: string, options: O): Given<number, O> =>
  variable(name, options, {
    kind: 'duration',
    parse: (text) => within(parseDuration(text), parseDuration, options),
    show: formatDuration,
  });

/** Bytes. */
export const size = <const O extends Options & Range>(name: string, options: O): Given<number, O> =>
  variable(name, options, {
    kind: 'size',
    parse: (text) => within(parseSize(text), parseSize, options),
    show: formatSize,
  });

export const bool = <const O extends Options>(name: string, options: O): Given<boolean, O> =>
  variable(name, options, { kind: 'bool', parse: parseBool });

export const int = <const O extends Options & { readonly min?: number; readonly max?: number }>(
  name: string,
  options: O,
): Given<number, O> => {
  const range = {
    ...(options.min === undefined ? {} : { min: String(options.min) }),
    ...(options.max === undefined ? {} : { max: String(options.max) }),
  };
  return variable(name, options, {
    kind: 'int',
    parse: (text) => within(parseInteger(text), parseInteger, range),
  });
};

/** A TCP port; 0 lets the system choose. */
export const port = <const O extends Options>(name: string, options: O): Given<number, O> =>
  variable(name, options, {
    kind: 'port',
    parse: (text) => {
      const parsed = within(parseInteger(text), parseInteger, { min: '0', max: '65535' });
      return 'error' in parsed
        ? bad(`${quote(text)} is not a port; use 1 to 65535, or 0 for any free one`)
        : parsed;
    },
  });

/** `check` gives the error's text, or undefined when the value will do. */
export const string = <const O extends Options & { readonly check?: (text: string) => string | undefined }>(
  name: string,
  options: O,
): Given<string, O> =>
  variable(name, options, {
    kind: 'string',
    parse: (text) => {
      const error = options.check?.(text);
      return error === undefined ? good(text) : bad(error);
    },
  });

export const choice = <const C extends string, const O extends Options>(
  name: string,
  choices: readonly C[],
  options: O,
): Given<C, O> =>
  variable(name, options, {
    kind: choices.map((one) => `\`${one}\``).join(' or '),
    parse: (text) => {
      const found = choices.find((one) => one === text.toLowerCase());
      return found === undefined
        ? bad(`${quote(text)} is none of its values; use ${choices.join(', ')}`)
        : good(found);
    },
  });

/** Comma-separated; `check` is asked about each item. */
export const list = <const O extends Options & { readonly check?: (item: string) => string | undefined }>(
  name: string,
  options: O,
): Given<readonly string[], O> =>
  variable(name, options, {
    kind: 'list',
    parse: (text) =>
      parseEach(text, (item) => {
        const error = options.check?.(item);
        return error === undefined ? good(item) : bad(error);
      }),
  });

/** Comma-separated, each item one of `choices`. */
export const choices = <const C extends string, const O extends Options>(
  name: string,
  allowed: readonly C[],
  options: O,
): Given<readonly C[], O> =>
  variable(name, options, {
    kind: `list of ${allowed.map((one) => `\`${one}\``).join(', ')}`,
    parse: (text) =>
      parseEach(text, (item) => {
        const found = allowed.find((one) => one.toLowerCase() === item.toLowerCase());
        return found === undefined
          ? bad(`${quote(item)} is none of its values; use ${allowed.join(', ')}`)
          : good(found);
      }),
  });

export const host = <const O extends Options>(name: string, options: O): Given<string, O> =>
  variable(name, options, { kind: 'host', parse: parseHost });

interface UrlOptions extends Options {
  readonly schemes: readonly string[];
  /** Refuse a path, query or fragment, which would be ignored. */
  readonly originOnly?: boolean;
}

export const url = <const O extends UrlOptions>(name: string, options: O): Given<URL, O> =>
  variable(name, options, {
    kind: `URL (${options.schemes.join(', ')})`,
    parse: (text) => parseUrl(text, options.schemes, options.originOnly),
    show: (value) => (options.originOnly ? `${value.protocol}//${value.host}` : value.href),
  });

/** Canonical `network/bits` texts. */
export const cidrs = <const O extends Options>(name: string, options: O): Given<readonly string[], O> =>
  variable(name, options, { kind: 'list of CIDRs', parse: (text) => parseEach(text, parseCidr) });

export const path = <const O extends Options>(name: string, options: O): Given<string, O> =>
  variable(name, options, { kind: 'path', parse: parsePath });

/** Exact paths, and prefixes that end in `/*`. */
export const pathList = <const O extends Options>(name: string, options: O): Given<readonly string[], O> =>
  variable(name, options, { kind: 'list of paths', parse: (text) => parseEach(text, parsePathPattern) });

interface SecretOptions extends Options {
  /** Shortest length that is accepted. */
  readonly min?: number;
  readonly unit?: 'characters' | 'bytes';
  /** Gives the error's text, which must not hold the value. */
  readonly check?: (text: string) => string | undefined;
}

export const secret = <const O extends SecretOptions>(name: string, options: O): Given<Secret, O> => {
  const { min = 1, unit = 'characters', check } = options as SecretOptions;
  return variable(name, options as O, {
    kind: min > 1 ? `secret (at least ${min} ${unit})` : 'secret',
    secret: true,
    parse: (text) => {
      const length = unit === 'bytes' ? Buffer.byteLength(text) : [...text].length;
      if (length < min) {
        return bad(
          `is shorter than ${min} ${unit}; make one with \`openssl rand -base64 ${Math.ceil(min * 1.5)}\``,
        );
      }
      const error = check?.(text);
      return error === undefined ? good(new Secret(text)) : bad(error);
    },
  });
};

/** A URL whose credentials make all of it a secret, such as a database's. */
export const secretUrl = <const O extends Options & { readonly schemes: readonly string[] }>(
  name: string,
  options: O,
): Given<Secret, O> =>
  variable(name, options, {
    kind: `secret URL (${options.schemes.join(', ')})`,
    secret: true,
    parse: (text) => {
      const scheme = URL.parse(text.trim())?.protocol.slice(0, -1);
      if (scheme !== undefined && options.schemes.includes(scheme)) return good(new Secret(text.trim()));
      return bad(`is not a URL it can use; write ${options.schemes.map((one) => `${one}://…`).join(' or ')}`);
    },
  });
