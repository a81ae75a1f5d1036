/** Trying railguard out on live traffic: filters that report what they would refuse, and let it pass. */
import { choice, list, quote } from './var.ts';

export const rollout = {
  enforcement: choice('ENFORCEMENT', ['enforce', 'report'], {
    default: 'enforce',
    doc: 'In `report`, every filter logs and counts what it would have refused, and lets it pass.',
  }),
  reportOnly: list('REPORT_ONLY', {
    default: 'none',
    check: (name) =>
      /^[a-z][a-z0-9-]*$/.test(name)
        ? undefined
        : `${quote(name)} is not a filter's name; use names like cors or rate-limit`,
    doc: 'Names of filters that report while the others enforce.',
  }),
};
