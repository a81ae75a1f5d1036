/** Makes the built command executable, which the bundler does not. */
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

chmodSync(fileURLToPath(new URL('../dist/main.js', import.meta.url)), 0o755);
