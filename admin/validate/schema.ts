/** The published shape of `--json` (JSON Schema 2020-12): docs/validate.schema.json is written from it. */
import { CATEGORIES } from './check.ts';

const texts = { type: 'array', items: { type: 'string' } };
const score = { type: 'integer', minimum: 0, maximum: 100 };
const status = { enum: ['healthy', 'warning', 'critical'] };

const object = (properties: Readonly<Record<string, unknown>>): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

export const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What `railguard validate --json` prints',
  ...object({
    timestamp: { type: 'string', format: 'date-time' },
    overall_status: { ...status, description: 'The worst of the categories.' },
    ready_for_deployment: { type: 'boolean', description: 'False when anything is critical.' },
    score: { ...score, description: 'Mean of the categories.' },
    checks: object(
      Object.fromEntries(CATEGORIES.map((category) => [category, { $ref: '#/$defs/category' }])),
    ),
    critical_issues: texts,
    warnings: texts,
    recommendations: texts,
  }),
  $defs: {
    category: object({
      status,
      score,
      details: { type: 'object', description: 'What was judged, and with --live what was found.' },
      issues: { type: 'array', items: { $ref: '#/$defs/issue' } },
    }),
    issue: object({
      id: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
      severity: { enum: ['critical', 'warning', 'recommendation'] },
      message: { type: 'string', minLength: 1 },
      reason: { type: 'string', minLength: 1 },
      mend: { type: 'string', minLength: 1 },
    }),
  },
};
