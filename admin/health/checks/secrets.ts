/** Are the managed secrets there, strong, and young enough? And what of the AI providers' among them. */
import type { SecretEntry, SecretsReport } from '../../secrets/report.ts';
import { type CheckResult, type HealthCheck, type Status, worst } from '../check.ts';

export interface SecretsSource {
  report(): SecretsReport | Promise<SecretsReport>;
}

const MENTIONED = 2;

/** Of every category but the AI providers', who have a check of their own. Undefined: nobody watches secrets. */
export function secretsCheck(source: SecretsSource | undefined): HealthCheck {
  return {
    name: 'secrets',
    async run() {
      if (source === undefined) return { status: 'healthy', watched: false };
      const report = await source.report();
      const status = statusOf(report);
      const { security, infrastructure, external_services } = report.category_status;
      const categories = { security, infrastructure, external_services };
      const message = status === 'healthy' ? {} : { message: remarks(report) };
      return { status, ...message, watched: true, ...report.summary, categories };
    },
  };
}

function statusOf({ status, category_status }: SecretsReport): Status {
  const { ai_providers, ...others } = category_status;
  const all = worst(Object.values(others));
  // More than every category says: the place where ages are kept can't be reached.
  return all === 'healthy' && ai_providers === 'healthy' ? status : all;
}

function remarks({ recommendations, categories }: SecretsReport): string {
  const others = recommendations.filter(
    (text) => !/AI provider/.test(text) && !categories.ai_providers.some(({ name }) => text.startsWith(name)),
  );
  const [first, second] = others.slice(0, MENTIONED);
  if (first === undefined) return 'A managed secret needs attention.';
  const more = others.length > MENTIONED ? ` And ${others.length - MENTIONED} more.` : '';
  return `${first}${second === undefined ? '' : ` ${second}`}${more}`;
}

/** An app without AI has no provider at all; one with a single provider has nothing to fall back to. */
export function aiProvidersCheck(source: SecretsSource | undefined): HealthCheck {
  return {
    name: 'ai_providers',
    async run() {
      if (source === undefined) return { status: 'healthy', watched: false };
      const { categories, category_status } = await source.report();
      return providers(categories.ai_providers, category_status.ai_providers);
    },
  };
}

function providers(all: readonly SecretEntry[], status: Status): CheckResult {
  const configured = all.filter((one) => one.configured);
  const doubtful = configured.filter(({ format, findings }) => format !== 'ok' || findings.length > 0);
  const names = (some: readonly SecretEntry[]): string[] => some.map(({ name }) => name);
  const figures = {
    watched: true,
    configured: names(configured),
    doubtful: names(doubtful),
    known: all.length,
  };
  if (configured.length === 0 || status === 'healthy') return { status: 'healthy', ...figures };
  const message =
    configured.length === 1
      ? 'Only one AI provider has a key: there is none to fall back to.'
      : `Keys of AI providers need attention: ${names(doubtful).join(', ') || 'some are due'}.`;
  return { status, message, ...figures };
}
