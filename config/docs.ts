/** What is declared, for people: the tables, `.env.example`, and the view of what is in force. */
import { type Config, sections } from './sections.ts';
import type { Shown, Variable } from './var.ts';

const entries = Object.values(sections).map(({ title, variables }) => ({
  title,
  variables: Object.values(variables) as Variable<unknown>[],
}));

/** The default in words, in Markdown. */
function defaultText(declared: Variable<unknown>): string {
  if (declared.default === undefined) return 'not set';
  if (typeof declared.default === 'object') return declared.default.text;
  return declared.default === '' ? 'empty' : `\`${declared.default}\``;
}

const bare = (text: string): string => text.replaceAll('`', '');
const cell = (text: string): string => text.replaceAll('|', '\\|');

const KINDS = `| Kind | Takes |
|---|---|
| duration | \`30\` (seconds), \`500ms\`, \`30s\`, \`5m\`, \`2h\`, \`10d\`, \`2y\` (365 days each) |
| size | \`1024\` (bytes), \`32kb\`, \`100mb\`, \`1gb\` (powers of 1024) |
| bool | \`true\` \`false\`, \`1\` \`0\`, \`yes\` \`no\`, \`on\` \`off\` |
| int | a whole number |
| list | items between commas, blanks trimmed; \`none\` for an empty list |
| list of CIDRs | \`10.0.0.0/8\`, \`2001:db8::/32\`, or single addresses |
| list of paths | exact (\`/login\`), or a prefix that ends in \`/*\` (\`/api/*\`) |
| port | \`1\` to \`65535\`; \`0\` takes any free one |
| path or PEM | the path of a PEM file, or the PEM itself (\`\\n\` may stand for a line's end) |
| secret | taken as it is, never printed |`;

/** docs/configuration.md, whole. */
export function markdown(): string {
  const tables = entries.map(({ title, variables }) => {
    const rows = variables.map(
      (one) => `| \`${one.name}\` | ${cell(one.kind)} | ${cell(defaultText(one))} | ${cell(one.doc)} |`,
    );
    return `## ${title}\n\n| Variable | Kind | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Configuration

<!-- Written by \`npm run docs\` from the declarations in config/. Edit those. -->

All configuration comes from environment variables. Outside production (\`ENVIRONMENT=production\`) a \`.env\` file in the
working directory is read too; a real variable wins over it. A variable that is set to nothing counts as not set. A bad
value stops the start (exit 64), and every bad value is printed at once. A name that is a near miss of one below is warned
about. \`railguard env --effective\` shows what is in force, with secrets masked.

${KINDS}

${tables.join('\n')}`;
}

/** As a `.env` file needs it: bare, or in quotes that do not occur in it. */
function quoted(value: string): string {
  if (!/^['"`\s]|[#\n\r]|\s$/.test(value)) return value;
  const mark = ['"', "'", '`'].find((one) => !value.includes(one)) ?? '"';
  return `${mark}${value}${mark}`;
}

/** `.env.example`, whole: every variable, commented out, with its default. */
export function example(): string {
  const parts = entries.map(({ title, variables }) => {
    const lines = variables.flatMap((one) => {
      const value = typeof one.default === 'string' ? one.default : '';
      const given = typeof one.default === 'string' ? '' : ` Default: ${bare(defaultText(one))}.`;
      return [`# ${bare(one.doc)}${given}`, `#${one.name}=${quoted(value)}`];
    });
    return `# --- ${title} ---\n${lines.join('\n')}\n`;
  });
  return `# Written by \`npm run docs\`. Copy to .env and take the # off what you change.\n\n${parts.join('\n')}`;
}

/** Every variable for a terminal. */
export function text(): string {
  const parts = entries.map(({ title, variables }) => {
    const lines = variables.map(
      (one) =>
        `  ${one.name}\n      ${bare(one.doc)}\n      ${bare(one.kind)}; default: ${bare(defaultText(one))}`,
    );
    return `${title}\n${lines.join('\n')}\n`;
  });
  return parts.join('\n');
}

export type Effective = Readonly<Record<string, Readonly<Record<string, Shown>>>>;

/** What is in force, by section and variable: plain values, `[set]` for a secret, null for what is not set. */
export function effective(config: Config): Effective {
  const view: Record<string, Record<string, Shown>> = {};
  for (const [key, section] of Object.entries(sections)) {
    const values = config[key as keyof Config] as Readonly<Record<string, unknown>>;
    const shown: Record<string, Shown> = {};
    for (const [field, declared] of Object.entries(section.variables) as [string, Variable<unknown>][]) {
      shown[declared.name] = declared.show(values[field]);
    }
    view[key] = shown;
  }
  return view;
}

/** {@link effective} as `NAME=value` lines by section. */
export function effectiveText(config: Config): string {
  const view = effective(config);
  const parts = Object.entries(sections).map(([key, { title }]) => {
    const lines = Object.entries(view[key] ?? {}).map(([name, value]) =>
      value === null ? `# ${name} is not set` : `${name}=${quoted(plain(value))}`,
    );
    return `# ${title}\n${lines.join('\n')}\n`;
  });
  return parts.join('\n');
}

function plain(value: Exclude<Shown, null>): string {
  if (typeof value !== 'object') return String(value);
  return value.length === 0 ? 'none' : value.join(',');
}
