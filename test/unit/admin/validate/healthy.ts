/** A production environment with nothing to complain of: every test breaks one thing in it. */
import { randomBytes } from 'node:crypto';
import { githubChecksum } from '../../../../admin/secrets/formats.ts';

export type Settings = Record<string, string>;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const letters = (count: number): string =>
  Array.from(randomBytes(count), (byte) => LETTERS[byte % LETTERS.length]).join('');
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
export const key = (): string => randomBytes(48).toString('base64');

function githubToken(): string {
  const body = letters(30);
  return `ghp_${body}${githubChecksum(body)}`;
}

export function healthy(): Settings {
  return {
    PATH: '/usr/bin:/bin',
    ENVIRONMENT: 'production',
    // What the platform sets.
    PORT: '8080',
    RAILWAY_ENVIRONMENT_ID: 'f6a3',
    RAILWAY_ENVIRONMENT_NAME: 'production',
    RAILWAY_PUBLIC_DOMAIN: 'coder.example.org',
    RAILWAY_PRIVATE_DOMAIN: 'railguard.railway.internal',
    RAILWAY_DEPLOYMENT_DRAINING_SECONDS: '30',
    RAILWAY_DEPLOYMENT_OVERLAP_SECONDS: '10',
    UPSTREAM_URL: 'http://app.railway.internal:8000',
    APP_PUBLIC_DOMAIN: '',
    ADMIN_TOKEN: key(),
    DB_POOL_MIN_SIZE: '5',
    DB_POOL_MAX_SIZE: '20',
    DB_POOL_MAX_OVERFLOW: '40',
    DB_POOL_TIMEOUT: '30',
    DATABASE_URL: `postgresql://railguard:${hex(32)}@postgres.railway.internal:5432/railway?sslmode=require`,
    REDIS_URL: `redis://default:${hex(32)}@redis.railway.internal:6379`,
    ENABLE_RATE_LIMITING: 'true',
    RATE_LIMIT_PER_MINUTE: '50',
    RATE_LIMIT_BURST: '10',
    SESSION_TIMEOUT_MINUTES: '1440',
    TRUSTED_HOSTS: 'coder.example.org,*.railway.internal',
    CORS_ORIGINS: 'https://coder.example.org',
    CSP_SCRIPT_SRC: "'self'",
    JWT_SECRET_KEY: key(),
    CSRF_SECRET_KEY: key(),
    COOKIE_SECRET_KEY: key(),
    SESSION_SECRET_KEY: key(),
    SENTRY_DSN: `https://${hex(16)}@o123456.ingest.de.sentry.io/4501234567890`,
    ANTHROPIC_API_KEY: `sk-ant-api03-${letters(93)}AA`,
    GROQ_API_KEY: `gsk_${letters(52)}`,
    STRIPE_API_KEY: `sk_live_${letters(24)}`,
    GITHUB_TOKEN: githubToken(),
  };
}
