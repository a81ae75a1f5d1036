import { expect, it } from 'vitest';
import { directWorks } from '../../../../proxy/serve/direct-check.ts';

it('this Node goes on after direct replies, and gives bodies away past the stream', async () => {
  expect(await directWorks()).toBe(true);
});
