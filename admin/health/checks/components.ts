/** Every filter and store of the data plane: is it on, and does it work as it is meant to? */
import type { Component } from '../../../core/components.ts';
import { type HealthCheck, judged } from '../check.ts';

export function componentsCheck(components: () => readonly Component[]): HealthCheck {
  return {
    name: 'components',
    run() {
      const all = components();
      const of = (wanted: Component['kind']): Record<string, unknown> =>
        Object.fromEntries(
          all.filter(({ kind }) => kind === wanted).map(({ name, kind: _kind, ...rest }) => [name, rest]),
        );
      const findings = all
        .filter(({ state }) => state === 'degraded')
        .map(({ name, message }) => ({
          status: 'warning' as const,
          message: message ?? `The part ${name} does not work as it should.`,
        }));
      const reporting = all.filter(({ mode }) => mode === 'report').map(({ name }) => name);
      return {
        ...judged(findings),
        report_only: reporting,
        filters: of('filter'),
        stores: of('store'),
      };
    },
  };
}
