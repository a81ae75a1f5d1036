/** Copies what the bundler does not: the style and script of the dashboard, beside the file that reads them. */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
cpSync(path('admin/dashboard/assets'), path('dist/assets'), { recursive: true });
