/** Reads violation reports, old (`csp-report`) and new (`reports+json`), into bounded facts; anybody may have written them. */

export interface Violation {
  /** Directive as a metric label: a known name, or `other`. */
  readonly label: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Reports of one POST that are looked at. */
const MAX_REPORTS = 20;
const MAX_TEXT = 256;
const MAX_SAMPLE = 64;

const DIRECTIVES: ReadonlySet<string> = new Set(
  `default-src script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr img-src font-src
  connect-src media-src object-src frame-src child-src worker-src manifest-src base-uri form-action frame-ancestors
  sandbox upgrade-insecure-requests require-trusted-types-for trusted-types`.split(/\s+/),
);

type Fields = Readonly<Record<string, unknown>>;

/** An empty list for what is no report. */
export function readViolations(text: string): Violation[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  if (Array.isArray(parsed)) {
    return parsed.slice(0, MAX_REPORTS).flatMap((report) => {
      if (!isFields(report) || report.type !== 'csp-violation' || !isFields(report.body)) return [];
      return [violation(report.body, { documentURL: report.url })];
    });
  }
  if (!isFields(parsed) || !isFields(parsed['csp-report'])) return [];
  return [violation(parsed['csp-report'], {})];
}

/** Each fact by its name in the new format and in the old one. */
function violation(body: Fields, rest: Fields): Violation {
  const pick = (...names: readonly string[]): unknown => {
    for (const name of names) if (body[name] !== undefined) return body[name];
    return rest[names[0] as string];
  };
  const facts: Record<string, string | number> = {};
  const add = (name: string, value: unknown, most = MAX_TEXT): void => {
    if (typeof value === 'number' && Number.isFinite(value)) facts[name] = value;
    else if (typeof value === 'string' && value !== '') facts[name] = value.slice(0, most);
  };
  const directive = pick('effectiveDirective', 'effective-directive', 'violated-directive');
  const name = typeof directive === 'string' ? (directive.trim().split(/\s/, 1)[0] as string) : '';
  add('directive', name);
  add('document', withoutQuery(pick('documentURL', 'document-uri')));
  add('blocked', withoutQuery(pick('blockedURL', 'blocked-uri')));
  add('source', withoutQuery(pick('sourceFile', 'source-file')));
  add('line', pick('lineNumber', 'line-number'));
  add('column', pick('columnNumber', 'column-number'));
  add('disposition', pick('disposition'), 16);
  add('sample', pick('sample', 'script-sample'), MAX_SAMPLE);
  return { label: DIRECTIVES.has(name) ? name : 'other', facts };
}

/** A query may hold what nobody should log. */
const withoutQuery = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/[?#].*$/s, '') : undefined;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
