/** How railguard is deployed, as far as it can't see itself: read by `railguard validate` alone. */
import { int, string } from './var.ts';

/** As Railway writes a reference to a variable of another service. */
const reference = (name: string): string => ['$', '{{', name, '}}'].join('');

export const deployment = {
  replicas: int('REPLICAS', {
    default: '1',
    min: 1,
    max: 1000,
    doc: 'Copies of this service that run at once; for `railguard validate`.',
  }),
  databaseMaxConnections: int('DB_MAX_CONNECTIONS', {
    default: '100',
    min: 1,
    max: 100_000,
    doc: "The database's `max_connections`; for `railguard validate`, which asks the database itself with `--live`.",
  }),
  appPublicDomain: string('APP_PUBLIC_DOMAIN', {
    doc: `The app's own public domain, which should not exist; on Railway \`${reference('app.RAILWAY_PUBLIC_DOMAIN')}\`, for \`railguard validate\`.`,
  }),
};
