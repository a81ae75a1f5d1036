/** The one redactor of the project: what everything that writes a line, an error or an event calls first. */
export { Redactor, type RedactorOptions, type RedactStream } from './redact/redactor.ts';
