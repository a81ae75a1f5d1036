/** Tells browsers to be strict with every response, and strips what tells an attacker what runs behind. */
import { DISCLOSING_HEADERS } from '../disclosing-headers.ts';
import type { Exchange, Filter, Reply } from '../exchange.ts';
import { FixedFields, namesOf } from '../header-block.ts';
import {
  documentPolicy,
  INERT_POLICY,
  type PolicySources,
  REPORT_GROUP,
  withReports,
} from './security-headers/policy.ts';

export interface SecurityHeadersOptions {
  /** `override`: ours replace the app's; `keep`: a field the app sends stays as it is. */
  readonly mode: 'override' | 'keep';
  readonly policy: PolicySources;
  readonly cspReportOnly: boolean;
  /** Same-origin path that takes violation reports; undefined asks for none. */
  readonly cspReportPath: string | undefined;
  /** Seconds. */
  readonly hstsMaxAge: number;
  readonly referrerPolicy: string;
  readonly permissionsPolicy: string;
}

const CSP = 'content-security-policy';
const CSP_REPORT_ONLY = 'content-security-policy-report-only';

/** Fields for one scheme of the client side, ready to append. */
interface Variant {
  readonly pairs: readonly string[];
  readonly csp: readonly [name: string, value: string];
  /** Reporting-Endpoints, for documents. */
  readonly endpoints: readonly string[];
  /** All that goes with a kind of reply. */
  readonly whole: Readonly<Record<Kind, FixedFields>>;
}

/** What the policy must cover. */
type Kind = 'document' | 'inert' | 'unchanged';

export function securityHeaders(options: SecurityHeadersOptions): Filter {
  const variants = { http: variant(options, false), https: variant(options, true) };
  const { cspReportOnly } = options;
  const ours = [CSP_REPORT_ONLY];
  if (variants.https.endpoints.length > 0) ours.push('reporting-endpoints');
  // A policy on trial must not disarm the one in force.
  if (!cspReportOnly) ours.push(CSP);
  const { pairs: every } = variants.https;
  for (let i = 0; i < every.length; i += 2) ours.push((every[i] as string).toLowerCase());
  const isReplaced = namesOf(...DISCLOSING_HEADERS, ...ours);

  const override = (reply: Reply, { whole }: Variant): void => {
    const { headers } = reply;
    headers.deleteWhere(isReplaced);
    const kind = kindOf(reply);
    // A policy on trial leaves the app's own in force.
    const own = kind === 'inert' && cspReportOnly && headers.has(CSP);
    headers.addFixed(whole[own ? 'unchanged' : kind]);
  };

  const keep = (reply: Reply, { pairs, csp, endpoints }: Variant): void => {
    const { headers } = reply;
    headers.deleteWhere(isDisclosing);
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i] as string;
      if (!headers.has(name.toLowerCase())) headers.append(name, pairs[i + 1] as string);
    }
    const kind = kindOf(reply);
    if (kind === 'unchanged' || headers.has(CSP)) return;
    if (kind === 'inert') headers.append('Content-Security-Policy', INERT_POLICY);
    else if (!headers.has(csp[0].toLowerCase())) {
      headers.list.push(...csp);
      if (!headers.has('reporting-endpoints')) headers.list.push(...endpoints);
    }
  };
  const edit = options.mode === 'override' ? override : keep;

  return {
    name: 'security-headers',
    response(x: Exchange, reply: Reply) {
      edit(reply, variants[x.client.scheme]);
    },
  };
}

const isDisclosing = namesOf(...DISCLOSING_HEADERS);

function variant(options: SecurityHeadersOptions, https: boolean): Variant {
  const pairs = [
    ...['X-Content-Type-Options', 'nosniff'],
    ...['X-Frame-Options', 'DENY'],
    ...['Referrer-Policy', options.referrerPolicy],
    ...['Permissions-Policy', options.permissionsPolicy],
    ...['Cross-Origin-Opener-Policy', 'same-origin'],
    ...['Cross-Origin-Resource-Policy', 'same-origin'],
    ...['X-Permitted-Cross-Domain-Policies', 'none'],
    ...['X-DNS-Prefetch-Control', 'off'],
    ...['Origin-Agent-Cluster', '?1'],
    ...['X-XSS-Protection', '0'],
  ];
  // RFC 6797 §7.2: never over plain http.
  if (https) pairs.push('Strict-Transport-Security', `max-age=${options.hstsMaxAge}; includeSubDomains`);
  const policy = withReports(documentPolicy(options.policy), options.cspReportPath, https);
  const reports =
    https && options.cspReportPath !== undefined && policy.includes(`report-to ${REPORT_GROUP}`);
  const csp = [
    options.cspReportOnly ? 'Content-Security-Policy-Report-Only' : 'Content-Security-Policy',
    policy,
  ] as const;
  const endpoints = reports ? ['Reporting-Endpoints', `${REPORT_GROUP}="${options.cspReportPath}"`] : [];
  const whole = {
    document: new FixedFields([...pairs, ...csp, ...endpoints]),
    inert: new FixedFields([...pairs, 'Content-Security-Policy', INERT_POLICY]),
    unchanged: new FixedFields(pairs),
  };
  return { pairs, csp, endpoints, whole };
}

/**
 * What the policy must cover: documents and scripts (a worker runs under its own script's policy), anything else,
 * or a 304, whose fields would replace those of the stored response (RFC 9111 §3.2).
 */
function kindOf(reply: Reply): Kind {
  const type = reply.headers.get('content-type');
  if (type === undefined) return reply.status === 304 ? 'unchanged' : 'inert';
  if (JSON_TYPE.test(type)) return 'inert';
  return DOCUMENT_TYPE.test(type) ? 'document' : 'inert';
}

const JSON_TYPE = /^application\/json\b/i;
const DOCUMENT_TYPE =
  /^\s*(?:text\/html|text\/xml|application\/xml|[a-z]+\/[\w.-]+\+xml|(?:text|application)\/(?:x-)?(?:java|ecma)script)\s*(?:;|$)/i;
