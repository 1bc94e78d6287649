import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attackPages } from './pages/attacks.ts';

/** npm run bench -- pages: docs/attacks, from the registry and bench/pages/words.ts. */
const folder = 'docs/attacks';
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(attackPages())) writeFileSync(join(folder, file), text);
