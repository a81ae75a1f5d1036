/** Variables that can't be read, or that the configuration itself has doubts about, by category. */
import { CATEGORIES, type Check, type Said } from '../check.ts';
import type { Complaint, Subject } from '../subject.ts';

/** Checks of their own say the same with their reasons. */
const SAID_ELSEWHERE = new Set(['ADMIN_TOKEN', 'ENVIRONMENT']);

export const settings: readonly Check[] = CATEGORIES.map((category) => ({
  id: `${category.replace('_', '-')}-settings`,
  category,
  severity: 'critical',
  holds: 'Every variable of this category can be read',
  reason: 'A value that can not be read stops the start; a name that is nearly right is ignored.',
  mend: 'Set the variable as the message says; `railguard env` lists what each takes.',
  find: ({ errors, warnings }: Subject) => [
    ...errors.filter((one) => one.category === category).map((one) => said(one, 'critical')),
    ...warnings
      .filter((one) => one.category === category && !SAID_ELSEWHERE.has(one.variable ?? ''))
      .map((one) => said(one, 'warning')),
  ],
}));

/** Texts of the configuration are `what is wrong; the mend`. */
function said({ text }: Complaint, severity: 'critical' | 'warning'): Said {
  const cut = text.lastIndexOf('; ');
  if (cut === -1) return { severity, message: sentence(text) };
  return { severity, message: sentence(text.slice(0, cut)), mend: sentence(capital(text.slice(cut + 2))) };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);
