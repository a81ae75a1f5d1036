import { describe, expect, it } from 'vitest';
import { redacted } from '../../../admin/redacted.ts';
import { json } from '../../../admin/reply.ts';
import { Redactor } from '../../../core/redact.ts';

const redactor = new Redactor({ secrets: [{ name: 'PEPPER', value: 'correct-horse-battery' }] });

describe('what the admin port answers', () => {
  it('holds no known secret and none that looks like one, at any depth', () => {
    const value = {
      checks: [
        {
          message: 'no connection to postgres://app:s3cr3t-pw@db/app',
          detail: { text: 'correct-horse-battery' },
        },
      ],
    };
    const { body } = redacted(json(503, value), redactor);
    expect(body).not.toMatch(/s3cr3t-pw|correct-horse/);
    expect(JSON.parse(body as string)).toMatchObject({
      checks: [{ message: expect.stringMatching(/^no connection/) }],
    });
  });

  it('keeps names, numbers and ids of ours, whatever they are called', () => {
    const value = {
      secrets: [
        {
          name: 'JWT_SECRET_KEY',
          token: null,
          password: true,
          session: '0199c1de-7f0a-7000-8000-1234567890ab',
        },
      ],
      CORS_ALLOWED_HEADERS: ['Accept', 'Authorization', 'Cache-Control'],
      score: 90,
    };
    const { body } = redacted(json(200, value), redactor);
    expect(JSON.parse(body as string)).toEqual(value);
  });

  it('is left alone where it is no JSON', () => {
    const page = {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: '<p>password=correct-horse-battery</p>',
    };
    expect(redacted(page, redactor)).toBe(page);
  });
});
