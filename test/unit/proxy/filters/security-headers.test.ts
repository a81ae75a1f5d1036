import { describe, expect, test } from 'vitest';
import { type SecurityHeadersOptions, securityHeaders } from '../../../../proxy/filters/security-headers.ts';
import { exchange, reply } from './edge-exchange.ts';

const options: SecurityHeadersOptions = {
  mode: 'override',
  policy: {
    csp: undefined,
    default: "'self'",
    script: "'self'",
    style: "'self'",
    font: "'self'",
    img: "'self'",
    connect: "'self'",
  },
  cspReportOnly: false,
  cspReportPath: '/csp-report',
  hstsMaxAge: 63_072_000,
  referrerPolicy: 'same-origin',
  permissionsPolicy: 'camera=()',
};
const INERT = "default-src 'none'; frame-ancestors 'none'";

const answer = (
  headers: readonly string[],
  change: Partial<SecurityHeadersOptions> = {},
  scheme: 'http' | 'https' = 'https',
  status = 200,
) => {
  const out = reply(headers, status);
  securityHeaders({ ...options, ...change }).response?.(exchange({ scheme }), out);
  return out.headers;
};
const html = ['Content-Type', 'text/html; charset=utf-8'];
const EVERY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
  'x-dns-prefetch-control': 'off',
  'origin-agent-cluster': '?1',
  'x-xss-protection': '0',
};

describe('security-headers', () => {
  test.each(Object.entries(EVERY))('%s is sent once, as %s', (name, value) => {
    expect(answer(html).getAll(name)).toEqual([value]);
    expect(answer([...html, name, 'x', name.toUpperCase(), 'y']).getAll(name)).toEqual([value]);
  });

  test('HSTS goes out only where the client side is https', () => {
    expect(answer(html).getAll('strict-transport-security')).toEqual(['max-age=63072000; includeSubDomains']);
    expect(
      answer([...html, 'Strict-Transport-Security', 'max-age=1'], {}, 'http').has(
        'strict-transport-security',
      ),
    ).toBe(false);
  });

  test.each([
    'text/html',
    'TEXT/HTML;charset=x',
    'image/svg+xml',
    'application/xhtml+xml',
    'application/xml',
    'text/xml; a=b',
    'text/javascript',
    'application/javascript; charset=utf-8',
  ])('%s gets the configured policy', (type) => {
    const headers = answer(['Content-Type', type]);
    expect(headers.getAll('content-security-policy')).toEqual([
      "default-src 'self'; script-src 'self'; script-src-attr 'none'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; report-uri /csp-report; report-to railguard-csp",
    ]);
    expect(headers.get('reporting-endpoints')).toBe('railguard-csp="/csp-report"');
  });

  test.each(['application/json', 'text/event-stream', 'image/png', 'text/htmlx', 'application/grpc'])(
    '%s gets a policy under which nothing loads',
    (type) => {
      expect(answer(['Content-Type', type]).getAll('content-security-policy')).toEqual([INERT]);
    },
  );

  test('a response without a type gets it too, save a 304, which would overwrite that of the stored page', () => {
    expect(answer([]).getAll('content-security-policy')).toEqual([INERT]);
    expect(answer(['Content-Security-Policy', 'x'], {}, 'https', 304).has('content-security-policy')).toBe(
      false,
    );
  });

  test('over plain http reports go the old way, which needs no https', () => {
    const headers = answer(html, {}, 'http');
    expect(headers.get('content-security-policy')).toMatch(/; report-uri \/csp-report$/);
    expect(headers.has('reporting-endpoints')).toBe(false);
  });

  test('a whole policy is sent as it is, with the reports added unless it names its own', () => {
    const policy = { ...options.policy, csp: "default-src 'none'; " };
    expect(answer(html, { policy }, 'http').get('content-security-policy')).toBe(
      "default-src 'none'; report-uri /csp-report",
    );
    const own = { ...options.policy, csp: "default-src 'none'; report-uri /mine" };
    expect(answer(html, { policy: own }).get('content-security-policy')).toBe(own.csp);
    expect(answer(html, { policy: own }).has('reporting-endpoints')).toBe(false);
    expect(answer(html, { policy, cspReportPath: undefined }).get('content-security-policy')).toBe(
      "default-src 'none'",
    );
  });

  test("in override mode the app's policies are replaced, so that two never intersect", () => {
    const apps = [
      'Content-Security-Policy',
      "default-src 'self'",
      'content-security-policy',
      'x',
      'Content-Security-Policy-Report-Only',
      'y',
    ];
    const headers = answer([...html, ...apps]);
    expect(headers.getAll('content-security-policy')).toHaveLength(1);
    expect(headers.has('content-security-policy-report-only')).toBe(false);
  });

  test("a policy on trial leaves the app's own in force", () => {
    const headers = answer([...html, 'Content-Security-Policy', "default-src 'self'"], {
      cspReportOnly: true,
    });
    expect(headers.getAll('content-security-policy')).toEqual(["default-src 'self'"]);
    expect(headers.getAll('content-security-policy-report-only')).toHaveLength(1);
  });

  test('in keep mode what the app sends stays, and what it lacks is added', () => {
    const headers = answer(
      [...html, 'X-Frame-Options', 'SAMEORIGIN', 'Content-Security-Policy', "default-src 'self'"],
      {
        mode: 'keep',
      },
    );
    expect(headers.getAll('x-frame-options')).toEqual(['SAMEORIGIN']);
    expect(headers.getAll('content-security-policy')).toEqual(["default-src 'self'"]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer(html, { mode: 'keep' }).get('content-security-policy')).toMatch(/^default-src 'self'/);
  });

  test.each(['override', 'keep'] as const)(
    'in %s mode disclosing fields go, from answers, errors and upgrades alike',
    (mode) => {
      const leaks = [
        'Server',
        'uvicorn',
        'X-Powered-By',
        'x',
        'x-aspnet-version',
        '4',
        'X-Runtime',
        '1',
        'SourceMap',
        '/m',
      ];
      for (const status of [200, 500, 304, 101]) {
        const headers = answer([...leaks, 'X-App', 'stays'], { mode }, 'https', status);
        for (let i = 0; i < leaks.length; i += 2)
          expect(headers.has((leaks[i] as string).toLowerCase())).toBe(false);
        expect(headers.get('x-app')).toBe('stays');
      }
    },
  );
});
