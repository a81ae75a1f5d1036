/** How the app behind the peers is started. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, installed } from './processes.ts';
import { fill } from './template.ts';

/** 1 KB of JSON. */
const body = `{"data":"${'x'.repeat(1024 - '{"data":""}'.length)}"}`;

/** nginx where installed, because it leaves most of the load's core to the load; `own`: Node all the same. */
export function app(own: boolean, port: number, scratch: string): Command {
  const nginx = own ? undefined : installed('nginx');
  if (nginx === undefined)
    return { argv: [process.execPath, join(import.meta.dirname, 'app.ts'), String(port), body] };
  writeFileSync(join(scratch, '64k'), 'x'.repeat(64 * 1024));
  writeFileSync(join(scratch, '1m'), 'x'.repeat(1024 * 1024));
  const file = fill('app.conf', scratch, { PORT: port, SCRATCH: scratch, BODY: body });
  return { argv: [nginx, '-e', 'stderr', '-c', file] };
}
