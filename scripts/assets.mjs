/** Copies what the compiler does not: the style and script of the dashboard. */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
cpSync(path('admin/dashboard/assets'), path('dist/admin/dashboard/assets'), { recursive: true });
