/** Who is told of errors besides the log. Whoever implements it must neither throw nor wait. */
import type { EventType } from './logger.ts';

export interface Reporter {
  /** `facts` are those of the log line: `correlation_id`, `endpoint`, `code`, `status_code`, `error`, `body`, … */
  error(eventType: EventType, message: string, facts: Readonly<Record<string, unknown>>): void;
  /** Resolves when what waits has left, or after the given milliseconds. */
  flush(timeout: number): Promise<void>;
}
