import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../../../core/redact.ts';
import type { Outcome } from '../../../../../proxy/exchange.ts';
import { accessLog } from '../../../../../proxy/filters/access-log.ts';
import { Problem } from '../../../../../proxy/problem.ts';
import { HandClock, keptLog } from '../../../core/lines.ts';
import { exchange } from '../exchanges.ts';

const SECRET = 'c0ffee-is-a-Secret-of-31-letters';
const ID = '0199c1de-7f0a-7000-8000-1234567890ab';

/** Two logs of the same requests: one may remember parts of lines, the other redacts every line whole. */
function pair() {
  let judged = 0;
  const redactor = new Redactor({ secrets: [{ name: 'SECRET', value: SECRET }] });
  const open = (spotless: (text: string) => boolean) => {
    const { log, kept } = keptLog({ redact: (line) => redactor.text(line, 'log') });
    const metrics = { request: () => undefined, overheadOf: () => undefined };
    const clock = new HandClock();
    const filter = accessLog({
      log,
      spotless,
      metrics,
      clock,
      performanceLogs: true,
      healthPath: '/health',
    });
    return { filter, kept };
  };
  const ready = open((text) => {
    judged++;
    return redactor.spotless(text);
  });
  return { ready, whole: open(() => false), judged: () => judged };
}

const text = fc.oneof(
  fc.constantFrom('/', '/items', '/users/1', `/x/${SECRET}`, '/password=hunter22', '/api_key: abcdefgh12345'),
  fc.string({ unit: 'binary', maxLength: 300 }).map((path) => `/${path}`),
  fc.webPath(),
);
const request = fc.record({
  path: text,
  method: fc.constantFrom('GET', 'POST', 'M-SEARCH'),
  status: fc.constantFrom(200, 404, 503),
  end: fc.constantFrom<Outcome['end']>('complete', 'client_gone', 'upstream_cut'),
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  subject: fc.option(fc.oneof(fc.constant('user-1'), fc.constant(SECRET), fc.string()), { nil: undefined }),
  endpoint: fc.constantFrom('other', '/items'),
  id: fc.constantFrom(ID, 'client.id-0001', SECRET, 'sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'),
  own: fc.boolean(),
  upstreamMs: fc.constantFrom(-1, 0, 10.004, 1 / 3),
  code: fc.constantFrom(undefined, 'upstream_timeout' as const),
});

describe('the line of a request, put together from parts', () => {
  it('is the line that is redacted whole, whatever the request was', () => {
    const { ready, whole } = pair();
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), (requests) => {
        for (const one of [...requests, ...requests]) {
          for (const { filter } of [ready, whole]) {
            const x = exchange([], { path: one.path, method: one.method }, 1000, { address: one.address });
            x.requestId = one.own ? ID : one.id;
            x.ownId = one.own;
            x.endpoint = one.endpoint;
            x.upstreamMs = one.upstreamMs;
            if (one.subject !== undefined) x.identity = { subject: one.subject, claims: {} };
            if (one.code !== undefined) x.problem = new Problem(one.code);
            filter.finish?.(x, { end: one.end, status: one.status, bytesOut: 7 });
          }
        }
        expect(ready.kept.lines).toEqual(whole.kept.lines);
        ready.kept.lines.length = whole.kept.lines.length = 0;
      }),
      { numRuns: 300 },
    );
  });

  it('is judged once, and again when the client names the request', () => {
    const { ready, judged } = pair();
    const end = (id: string, own: boolean): void => {
      const x = exchange([], { path: '/items' });
      x.requestId = id;
      x.ownId = own;
      ready.filter.finish?.(x, { end: 'complete', status: 200, bytesOut: 0 });
    };
    for (let i = 0; i < 50; i++) end(ID, true);
    expect(judged()).toBe(2);
    end('client.id-0001', false);
    end(SECRET, false);
    expect(judged()).toBe(4);
    expect(ready.kept.lines.at(-1)).not.toContain(SECRET);
  });

  it('forgets who did not come again', () => {
    const { ready, judged } = pair();
    const end = (i: number): void => {
      const x = exchange([], { path: `/p/${i}` }, 1000, { address: `2001:db8::${i.toString(16)}` });
      x.requestId = ID;
      x.ownId = true;
      ready.filter.finish?.(x, { end: 'complete', status: 200, bytesOut: 0 });
    };
    for (let i = 0; i < 5000; i++) end(i);
    expect(judged()).toBe(10_000);
    end(4999);
    expect(judged()).toBe(10_000);
    end(0);
    expect(judged()).toBe(10_002);
  });

  it('keeps a few addresses of one user, not all that ever were', () => {
    const { ready, judged } = pair();
    const end = (i: number): void => {
      const x = exchange([], { path: '/items' }, 1000, { address: `203.0.113.${i}` });
      x.requestId = ID;
      x.ownId = true;
      x.identity = { subject: 'user-1', claims: {} };
      ready.filter.finish?.(x, { end: 'complete', status: 200, bytesOut: 0 });
    };
    for (let i = 0; i < 100; i++) end(i);
    expect(judged()).toBe(101);
    for (let i = 96; i < 100; i++) end(i);
    expect(judged()).toBe(101);
    end(0);
    expect(judged()).toBe(102);
  });
});
