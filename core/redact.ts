/** The one redactor of the project: what everything that writes a line, an error or an event calls first. */
export { type OnRedact, Redactor, type RedactorOptions } from './redact/redactor.ts';
export type { RedactStream } from './redact/stream.ts';
