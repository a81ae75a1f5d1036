/** The default policies before an independent judge. */
import { tmpdir } from 'node:os';
import { CspEvaluator } from 'csp_evaluator/dist/evaluator.js';
import { Severity } from 'csp_evaluator/dist/finding.js';
import { CspParser } from 'csp_evaluator/dist/parser.js';
import { expect, test } from 'vitest';
import { load } from '../../../../../config/load.ts';
import {
  documentPolicy,
  INERT_POLICY,
  withReports,
} from '../../../../../proxy/filters/security-headers/policy.ts';

const findings = (policy: string) =>
  new CspEvaluator(new CspParser(policy).csp)
    .evaluate()
    .filter(({ severity }) => severity <= Severity.MEDIUM)
    .map(({ directive, description }) => `${directive}: ${description}`);

function configured(env: Record<string, string>): string {
  const loaded = load(env, { cwd: tmpdir() });
  if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
  const { headers } = loaded.config;
  const sources = {
    csp: headers.csp,
    default: headers.cspDefault,
    script: headers.cspScript,
    style: headers.cspStyle,
    font: headers.cspFont,
    img: headers.cspImg,
    connect: headers.cspConnect,
  };
  return withReports(documentPolicy(sources), headers.cspReportPath, true);
}

test('the evaluator sees what is wrong with a loose policy', () => {
  expect(findings("script-src * 'unsafe-inline'")).not.toEqual([]);
});

test('the default policies have no finding of high or medium severity', () => {
  expect(findings(configured({}))).toEqual([]);
  expect(findings(INERT_POLICY)).toEqual([]);
});

test('the sources of a variable are those of its directive', () => {
  const policy = configured({ CSP_IMG_SRC: 'https://i.test', CSP_CONNECT_SRC: 'wss://c.test' });
  expect(policy).toContain("; img-src https://i.test; connect-src wss://c.test; object-src 'none'; ");
});
