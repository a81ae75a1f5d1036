import { expect, test } from 'vitest';
import { Budget } from '../../../core/budget.ts';

test('so many at once, then as many a second, and no more saved up than that', () => {
  let time = 0;
  const budget = new Budget(4, () => time);
  const taken = (tries: number) => Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;
  expect(taken(10)).toBe(4);
  expect(budget.spent).toBe(true);
  time = 500;
  expect(budget.spent).toBe(false);
  expect(taken(10)).toBe(2);
  time = 60_000;
  expect(taken(10)).toBe(4);
});
