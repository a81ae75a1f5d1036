/** Every check that needs no network, in the order they are printed: a new one is a row in its category's file. */
import { CATEGORIES, type Check } from './check.ts';
import { aiProviders } from './checks/ai-providers.ts';
import { build } from './checks/build.ts';
import { database } from './checks/database.ts';
import { identity } from './checks/identity.ts';
import { monitoring } from './checks/monitoring.ts';
import { production } from './checks/production.ts';
import { railway } from './checks/railway.ts';
import { secrets } from './checks/secrets.ts';
import { security } from './checks/security.ts';
import { settings } from './checks/settings.ts';

const all = [
  ...settings,
  ...database,
  ...secrets,
  ...aiProviders,
  ...production,
  ...monitoring,
  ...identity,
  ...security,
  ...railway,
  ...build,
];

export const checks: readonly Check[] = CATEGORIES.flatMap((category) =>
  all.filter((check) => check.category === category),
);
