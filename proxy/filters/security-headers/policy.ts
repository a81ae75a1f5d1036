/** The Content-Security-Policy of documents, put together from what the operator configured. */

export interface PolicySources {
  /** A whole policy; when given, the sources below do not count. */
  readonly csp: string | undefined;
  readonly default: string;
  readonly script: string;
  readonly style: string;
  readonly font: string;
  readonly img: string;
  readonly connect: string;
}

/** Responses that are no documents load nothing and are framed by nobody. */
export const INERT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** The policy without its reporting directives. */
export function documentPolicy(sources: PolicySources): string {
  if (sources.csp !== undefined) return sources.csp.trim().replace(/[;\s]+$/, '');
  return [
    `default-src ${sources.default}`,
    `script-src ${sources.script}`,
    "script-src-attr 'none'",
    `style-src ${sources.style}`,
    `font-src ${sources.font}`,
    `img-src ${sources.img}`,
    `connect-src ${sources.connect}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** `report-to` only where the Reporting API works: it replaces `report-uri`, and needs https. */
export function withReports(policy: string, reportPath: string | undefined, https: boolean): string {
  if (reportPath === undefined || /(?:^|;)\s*report-(?:uri|to)\b/i.test(policy)) return policy;
  return `${policy}; report-uri ${reportPath}${https ? `; report-to ${REPORT_GROUP}` : ''}`;
}

export const REPORT_GROUP = 'railguard-csp';
