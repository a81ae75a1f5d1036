/** The container's health check: does the railguard of this container answer? Exit 0 when it does. */

const port = process.env.ADMIN_PORT?.trim() || '9090';
const asked = process.env.ADMIN_HOST?.trim() || '127.0.0.1';
const everywhere = asked === '::' || asked === '0.0.0.0';
const host = everywhere ? '127.0.0.1' : asked.includes(':') ? `[${asked}]` : asked;

try {
  const signal = AbortSignal.timeout(3000);
  const { ok } = await fetch(`http://${host}:${port}/health`, { signal });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}

export {};
