/** Two services on Railway: the app as it is, and railguard in front of it with the only public domain. An example to edit. */
import { defineRailway, github, postgres, preserve, project, redis, service } from 'railway/iac';

export default defineRailway(() => {
  const database = postgres('postgres');
  const cache = redis('redis');

  // The app: unchanged, and without a domain of its own.
  const app = service('app', {
    source: github('your-org/your-app'),
    start: 'uvicorn your_app.main:app --host :: --port $PORT',
    env: {
      PORT: '8000',
      FORWARDED_ALLOW_IPS: '*',
      DATABASE_URL: database.env.DATABASE_URL,
      JWT_SECRET_KEY: preserve(),
    },
  });

  const railguard = service('railguard', {
    source: github('your-org/railguard'),
    start: 'node dist/main.js serve',
    preDeploy: 'node dist/main.js validate --live',
    healthcheck: '/health',
    healthcheckTimeout: 60,
    replicas: 1,
    domains: ['app.example.org'],
    deploy: { drainingSeconds: 30, overlapSeconds: 10, restartPolicyType: 'ON_FAILURE' },
    env: {
      ENVIRONMENT: 'production',
      UPSTREAM_URL: `http://${app.env.RAILWAY_PRIVATE_DOMAIN}:${app.env.PORT}`,
      APP_PUBLIC_DOMAIN: app.env.RAILWAY_PUBLIC_DOMAIN,
      ADMIN_TOKEN: preserve(),
      JWT_SECRET_KEY: app.env.JWT_SECRET_KEY,
      DATABASE_URL: database.env.DATABASE_URL,
      REDIS_URL: cache.env.REDIS_URL,
      SENTRY_DSN: preserve(),
      TRUSTED_HOSTS: 'app.example.org,*.railway.internal',
      CORS_ORIGINS: 'https://app.example.org',
      // The first day; then take it away.
      ENFORCEMENT: 'report',
    },
  });

  return project('your-project', { resources: [database, cache, app, railguard] });
});
