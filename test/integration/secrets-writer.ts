/** Writes the state of secrets as fast as it can, to be killed in the middle of it; a line for each write that is done. */
import { writeSync } from 'node:fs';
import { FileState } from '../../admin/secrets/state/file.ts';

const state = new FileState({ path: process.argv[2] as string, clock: Date });
const filler = 'f'.repeat(200);
await state.pepper('the one pepper');
for (let turn = 0; ; turn++) {
  const sightings = Array.from({ length: 22 }, (_, n) => ({
    name: `SECRET_${n}`,
    fingerprint: `${filler}${turn % 20}`,
    pepperId: 'p',
    returned: false,
    adopted: false,
  }));
  await state.write('production', sightings);
  writeSync(1, 'written\n');
}
