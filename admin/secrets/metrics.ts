/** What an alert is made of: score, age and due date of each secret, by its name. */
import type { Metrics } from '../../core/metrics.ts';
import type { Known } from './report.ts';

export class SecretMetrics {
  private readonly score;
  private readonly age;
  private readonly overdue;

  constructor(metrics: Pick<Metrics, 'gauge'>) {
    this.score = metrics.gauge('railguard_secret_score', 'How hard a secret is to guess, from 0 to 100.', [
      'secret',
    ]);
    this.age = metrics.gauge(
      'railguard_secret_age_seconds',
      'Time since a secret was changed, as far as it is known.',
      ['secret'],
    );
    this.overdue = metrics.gauge(
      'railguard_secret_rotation_overdue',
      'Is a secret older than it should get? 1 or 0.',
      ['secret'],
    );
  }

  show(known: readonly Known[]): void {
    for (const gauge of [this.score, this.age, this.overdue]) gauge.reset();
    for (const { secret, inspection, rotation } of known) {
      if (secret.value === undefined) continue;
      const label = { secret: secret.name };
      if (inspection.score !== null) this.score.set(label, inspection.score);
      if (rotation.age !== undefined) this.age.set(label, Math.floor(rotation.age / 1000));
      this.overdue.set(label, rotation.rotation === 'overdue' ? 1 : 0);
    }
  }
}
