import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { count, milliseconds, percent, span } from '../../../../admin/dashboard/format.ts';
import { html } from '../../../../admin/dashboard/html.ts';
import { loginPage } from '../../../../admin/dashboard/page.ts';
import { plot } from '../../../../admin/dashboard/plot.ts';

describe('markup', () => {
  it('escapes every value that is not markup itself', () => {
    const hostile = `<b title="'&">`;
    expect(html`<p class="${hostile}">${[hostile, html`<i>${1}</i>`, null, false]}</p>`.text).toBe(
      '<p class="&lt;b title=&quot;&#39;&amp;&quot;&gt;">&lt;b title=&quot;&#39;&amp;&quot;&gt;<i>1</i></p>',
    );
  });
});

describe('a page', () => {
  it('allows the one style and the one script that it has, and nothing from elsewhere', () => {
    const { body, headers } = loginPage(401, '<script>');
    const policy = headers?.['Content-Security-Policy'] ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(body as string)?.[1] ?? '';
    expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(body).not.toMatch(/\s(src|href)="(?!data:)|\sstyle=|\son\w+=|<script>/);
  });
});

describe('figures for people', () => {
  it.each([
    [span(0), '0 s'],
    [span(59.9), '59 s'],
    [span(3600), '1 h'],
    [span(90_000), '1 d 1 h'],
    [count(0), '0'],
    [count(9.25), '9.3'],
    [count(12_345), '12.3k'],
    [count(2_000_000), '2M'],
    [percent(0), '0 %'],
    [percent(0.0004), '0.04 %'],
    [percent(0.123), '12 %'],
    [milliseconds(null), '–'],
    [milliseconds(0.2345), '0.23 ms'],
    [milliseconds(987), '987 ms'],
    [milliseconds(1500), '1.5 s'],
  ])('%s is %s', (found, wanted) => {
    expect(found.replaceAll('\u00a0', ' ')).toBe(wanted);
  });
});

describe('a plot', () => {
  const draw = (values: (number | null)[], scale: 'linear' | 'log' = 'linear') =>
    plot({
      label: 'Some',
      seconds: 300,
      least: 1,
      scale,
      lines: [{ name: 'a', values, tone: 'main', filled: true }],
    }).text;

  it('draws finite coordinates whatever the values', () => {
    for (const values of [[], [null], [0, 0], [0, 1e9], [null, 3, null, 4], [1e-7, 5000]])
      for (const scale of ['linear', 'log'] as const)
        expect(draw(values, scale)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('breaks the line where nothing was measured', () => {
    expect(
      draw([1, 2, null, 3])
        .match(/class="line main" d="([^"]*)"/)?.[1]
        ?.match(/M/g)?.length,
    ).toBe(2);
  });
});
