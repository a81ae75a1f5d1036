/** What the files of the deployment make of it: how the image is built, how it is started, what is asked for its health. */
import type { Check, Said } from '../check.ts';
import { type RailpackFault, railpackFaults, railpackPackages } from '../railpack.ts';
import type { Subject } from '../subject.ts';

const hasRailpack = ({ deployment }: Subject): boolean => deployment.railpack !== undefined;

const faults = ({ deployment }: Subject, ...kinds: RailpackFault['kind'][]): Said[] =>
  railpackFaults(deployment.railpack ?? '')
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ message }) => ({
      message: message.startsWith('railpack.json') ? message : `railpack.json: ${message}`,
    }));

export const build: readonly Check[] = [
  {
    id: 'health-path',
    category: 'railway',
    severity: 'critical',
    holds: 'The platform asks the health path that railguard answers',
    reason: "Any other path is the app's: the deployment fails when it asks for a token or redirects.",
    mend: 'Set the health check path of the service and HEALTH_CHECK_PATH to the same.',
    reads: ['HEALTH_CHECK_PATH'],
    applies: ({ deployment }) => deployment.healthPaths.length === 1,
    find: ({ deployment, config }) =>
      deployment.healthPaths
        .filter(({ value }) => value !== config.listeners.healthCheckPath)
        .map(({ file, value }) => ({
          message: `${file} asks ${value.slice(0, 80)}, railguard answers ${config.listeners.healthCheckPath}.`,
        })),
  },
  {
    id: 'railpack-invalid',
    category: 'railway',
    severity: 'critical',
    holds: 'railpack.json can be read',
    reason: 'The build stops at a file that is not JSON, or whose values are of the wrong kind.',
    mend: 'Mend the file as the message says.',
    applies: hasRailpack,
    find: (subject) => faults(subject, 'invalid', 'type'),
  },
  {
    id: 'railpack-ignored-keys',
    category: 'railway',
    severity: 'warning',
    holds: 'Every key of railpack.json is one that Railpack reads, in its place',
    reason: 'Railpack ignores the others without a word: the setting seems made and is not.',
    mend: 'Move the key to where it belongs, or remove it.',
    applies: hasRailpack,
    find: (subject) => faults(subject, 'unknown', 'misplaced'),
  },
  {
    id: 'railpack-pooler',
    category: 'railway',
    severity: 'warning',
    holds: 'The image has the pooler that is asked for',
    reason: 'POOLER=managed runs PgBouncer, which no image has by itself.',
    mend: 'Add `pgbouncer` to `deploy.aptPackages` in railpack.json.',
    reads: ['POOLER'],
    applies: (subject) => hasRailpack(subject) && subject.config.database.pooler === 'managed',
    find: ({ deployment }) =>
      railpackPackages(deployment.railpack ?? '').includes('pgbouncer')
        ? undefined
        : 'railpack.json does not install pgbouncer.',
  },
  {
    id: 'railway-json-deprecated',
    category: 'railway',
    severity: 'warning',
    holds: 'The service is not configured by a file that Railway gives up',
    reason: 'railway.json and railway.toml are read until 2026-12-01 and not afterwards.',
    mend: 'Run `railway config migrate`, which writes .railway/railway.ts, and remove the old file.',
    find: ({ deployment }) =>
      deployment.legacy === undefined ? undefined : `${deployment.legacy.name} is deprecated.`,
  },
  {
    id: 'dockerfile-shadows-railpack',
    category: 'railway',
    severity: 'warning',
    holds: 'One file says how the image is built',
    reason: 'Railway takes the Dockerfile when both are there, and never reads railpack.json.',
    mend: 'Remove the one that is not meant.',
    find: ({ deployment }) =>
      deployment.dockerfile !== undefined && deployment.railpack !== undefined
        ? 'There is a Dockerfile beside railpack.json.'
        : undefined,
  },
  {
    id: 'start-command',
    category: 'railway',
    severity: 'warning',
    holds: 'The start command runs node itself',
    reason: 'npm keeps SIGTERM to itself: the deployment is killed instead of drained.',
    mend: 'Use `node dist/main.js serve` as start command.',
    find: ({ deployment }) => {
      const said = deployment.starts
        .filter(({ value }) => /\b(npm|yarn|pnpm|npx)\b(\s+(run|run-script|exec))?\s+/.test(`${value} `))
        .filter(({ value }) => !/--loglevel|pre/.test(value))
        .map(({ file, value }) => ({ message: `${file} starts with \`${value.slice(0, 80)}\`.` }));
      if (said.length > 0 || deployment.starts.length > 0) return said;
      return deployment.railpack === undefined
        ? undefined
        : 'railpack.json has no `deploy.startCommand`, so that Railpack runs `npm start`.';
    },
  },
  {
    id: 'start-command-shell',
    category: 'railway',
    severity: 'warning',
    holds: 'The Dockerfile’s start command is not waiting for a shell',
    reason:
      'In exec form nothing replaces `$PORT`; in shell form a shell is process 1 and keeps SIGTERM to itself.',
    mend: 'Use the exec form without variables: railguard reads PORT itself.',
    applies: ({ deployment }) => deployment.dockerfile !== undefined,
    find: ({ deployment }) =>
      [...(deployment.dockerfile ?? '').matchAll(/^\s*(CMD|ENTRYPOINT)\s+(.*)$/gim)].flatMap(
        ([, word, form = '']) => {
          if (!form.startsWith('[')) return [{ message: `${word} of the Dockerfile is in shell form.` }];
          return /\$\{?\w/.test(form)
            ? [{ message: `${word} of the Dockerfile holds a variable that nothing replaces.` }]
            : [];
        },
      ),
  },
];
