import { describe, expect, it } from 'vitest';
import { aiProvidersCheck, secretsCheck } from '../../../../admin/health/checks/secrets.ts';
import type { SecretEntry, SecretsReport } from '../../../../admin/secrets/report.ts';

const entry = (name: string, configured: boolean): SecretEntry => ({
  name,
  configured,
  format: configured ? 'ok' : 'unknown',
  score: configured ? 95 : null,
  findings: [],
  age_days: null,
  age_source: 'unknown',
  rotate_by: null,
  rotation: 'unknown',
});

function report(change: {
  status?: SecretsReport['status'];
  keys?: number;
  category_status?: Partial<SecretsReport['category_status']>;
  recommendations?: string[];
}): SecretsReport {
  const keys = ['OPENAI_API_KEY', 'GROQ_API_KEY', 'XAI_API_KEY'];
  return {
    status: change.status ?? 'healthy',
    timestamp: '2026-01-01T00:00:00.000Z',
    summary: { managed: 22, configured: 3, missing: 19, weak: 0, invalid: 0, rotation_due: 0 },
    categories: {
      ai_providers: keys.map((name, i) => entry(name, i < (change.keys ?? 0))),
      security: [],
      infrastructure: [],
      external_services: [],
    },
    category_status: {
      ai_providers: 'healthy',
      security: 'healthy',
      infrastructure: 'healthy',
      external_services: 'healthy',
      ...change.category_status,
    },
    rotation_schedule: { ai_providers: 90, security: 180, infrastructure: 365, external_services: 120 },
    recommendations: change.recommendations ?? [],
  };
}

const of = (given: SecretsReport) => ({ report: () => given });

describe('the check of secrets', () => {
  it('leaves the AI providers to the check of their own', async () => {
    const given = report({
      status: 'warning',
      category_status: { ai_providers: 'warning' },
      recommendations: ['No AI provider has a key; set the keys of two.'],
    });
    expect((await secretsCheck(of(given)).run()).status).toBe('healthy');
  });

  it('speaks of the first two remarks and counts the rest', async () => {
    const given = report({
      status: 'critical',
      category_status: { security: 'critical', ai_providers: 'warning' },
      recommendations: [
        'JWT_SECRET_KEY is weak.',
        'OPENAI_API_KEY is old.',
        'CSRF is old.',
        'X is old.',
        'Y is old.',
      ],
    });
    expect(await secretsCheck(of(given)).run()).toMatchObject({
      status: 'critical',
      message: 'JWT_SECRET_KEY is weak. CSRF is old. And 2 more.',
    });
  });

  it('tells when the place where ages are kept can not be reached', async () => {
    const given = report({ status: 'warning', recommendations: ['Ages are not known.'] });
    expect(await secretsCheck(of(given)).run()).toMatchObject({
      status: 'warning',
      message: 'Ages are not known.',
    });
  });

  it('is healthy where nobody watches', async () => {
    expect(await secretsCheck(undefined).run()).toEqual({ status: 'healthy', watched: false });
    expect(await aiProvidersCheck(undefined).run()).toEqual({ status: 'healthy', watched: false });
  });
});

describe('the check of AI providers', () => {
  it('takes an app without AI for what it is', async () => {
    const given = report({ category_status: { ai_providers: 'warning' } });
    expect(await aiProvidersCheck(of(given)).run()).toMatchObject({ status: 'healthy', configured: [] });
  });

  it('warns of one provider alone', async () => {
    const given = report({ keys: 1, category_status: { ai_providers: 'warning' } });
    expect(await aiProvidersCheck(of(given)).run()).toMatchObject({
      status: 'warning',
      message: 'Only one AI provider has a key: there is none to fall back to.',
      configured: ['OPENAI_API_KEY'],
    });
  });
});
