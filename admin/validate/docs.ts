/** docs/validate.md, whole: the table of checks as the program walks it. */
import { CATEGORIES, type Row } from './check.ts';
import { checks } from './checks.ts';
import { probes } from './live/probes.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = ({ id, severity, holds, reason, mend }: Row): string =>
  `| \`${id}\` | ${severity} | ${cell(holds)} | ${cell(reason)} | ${cell(mend)} |`;
const table = (rows: readonly Row[]): string =>
  `| Check | Weight | Holds when | Why | Mend |\n|---|---|---|---|---|\n${rows.map(row).join('\n')}\n`;

const INTRODUCTION = `# railguard validate

<!-- Written by \`npm run docs\` from the tables in admin/validate/. Edit those. -->

Is this deployment ready? \`validate\` judges the environment it runs in, and the files of the deployment in the working
directory (railpack.json, Dockerfile, .railway/railway.ts, railway.json). Without \`--live\` it touches no network.

\`\`\`sh
railguard validate          # for people: one line a check, what to do, the verdict
railguard validate --json   # for programs: docs/validate.schema.json
railguard validate --live   # reaches the app, the database, Redis and Sentry too
\`\`\`

Exit codes: 0 ready, 1 not ready, 64 wrong usage. Anything \`critical\`, in any category, makes it not ready; warnings and
recommendations do not.

## Where to run it

- **In CI, before a deployment**, with the variables of the service: \`railway run -- npx railguard validate\`. What the
  private network alone can answer is not asked without \`--live\`.
- **On Railway, as pre-deploy command**: \`node dist/main.js validate --live\`. The deployment stops when it is not ready.
  The command runs inside the private network, with the service's own variables.
- **By hand**, in the container that runs: what it says is what is in force.

## What it can not see

Whether the app's service has a public domain, unless it is told: set \`APP_PUBLIC_DOMAIN\` to a reference, which is empty
while there is none. How many replicas run, and how many connections the database takes, without \`--live\`: set
\`REPLICAS\` and \`DB_MAX_CONNECTIONS\`. When a secret was changed: set its \`…_ROTATED_AT\`, or look at \`/health/secrets\`,
which remembers.

## Scores

A category begins at 100: a critical issue takes 50, a warning 15, a recommendation 5. The whole is the mean of the seven.
`;

export function markdown(): string {
  const parts = CATEGORIES.map((category) => {
    const rows = checks.filter((check) => check.category === category);
    return `## ${category}\n\n${table(rows)}`;
  });
  return `${INTRODUCTION}\n${parts.join('\n')}\n## With --live\n\n${table(probes)}`;
}
