import { describe, expect, it } from 'vitest';
import { RequestFigures } from '../../../core/figures.ts';
import { Metrics } from '../../../core/metrics.ts';

describe('the figures of requests', () => {
  it('put a time into its bucket, bounds included', () => {
    const figures = new RequestFigures([0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 1, 2]) figures.record('GET', '/', 200, seconds, '', 0);
    const lines = figures.text(undefined).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'http_requests_total{method="GET",endpoint="/",status="200"} 5',
        'http_request_duration_seconds_bucket{le="0.1",method="GET",endpoint="/"} 2',
        'http_request_duration_seconds_bucket{le="1",method="GET",endpoint="/"} 4',
        'http_request_duration_seconds_bucket{le="+Inf",method="GET",endpoint="/"} 5',
        'http_request_duration_seconds_count{method="GET",endpoint="/"} 5',
      ]),
    );
  });

  it('count a NaN and an infinity without losing the sum of buckets', () => {
    const figures = new RequestFigures([1]);
    figures.record('GET', '/', 200, Number.POSITIVE_INFINITY, '', 0);
    expect(figures.text(undefined)).toContain('le="+Inf",method="GET",endpoint="/"} 1\n');
  });

  it('escape what an endpoint may hold', () => {
    const figures = new RequestFigures([1]);
    figures.record('GET', '/a"b\\c\nd', 200, 0.5, '', 0);
    expect(figures.text(undefined)).toContain('endpoint="/a\\"b\\\\c\\nd"');
  });

  it('share `other` beyond two thousand series', () => {
    const figures = new RequestFigures([1]);
    for (let i = 0; i < 3000; i++) figures.record('GET', `/${i}`, 200, 0.5, '', 0);
    const text = figures.text(undefined);
    expect(text).toContain('{method="GET",endpoint="other",status="200"} 1000');
    expect(text.match(/^http_requests_total/gm)?.length).toBe(2001);
  });

  it('lead from a bucket to the request that came last, under OpenMetrics alone', async () => {
    const metrics = new Metrics({ version: '1' });
    metrics.request('GET', 'other', 200, 0.003, 'the-first-of-two');
    metrics.request('GET', 'other', 200, 0.004, 'the-second-of-two');
    metrics.request('GET', 'other', 200, 2, 'x'.repeat(120));
    const open = (await metrics.render('application/openmetrics-text')).body;
    expect(open).toMatch(
      /le="0.005",method="GET",endpoint="other"\} 2 # \{correlation_id="the-second-of-two"\} 0\.004 \d{10}\.\d{3}\n/,
    );
    expect(open).not.toContain('the-first-of-two');
    expect(open).not.toContain('xxx');
    expect((await metrics.render(undefined)).body).not.toContain('correlation_id');
  });
});
