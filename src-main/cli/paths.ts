import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataFolder } from '../audit/installation.ts';

/** Root of the installed program: out/main/cli.js lies two folders below. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const PATHS = {
  engine: fileURLToPath(new URL('./engine.js', import.meta.url)),
  child: fileURLToPath(new URL('./child.js', import.meta.url)),
  renderer: join(ROOT, 'out', 'renderer'),
  assets: join(ROOT, 'assets'),
  /** Where audits are kept when no folder is named, and what tells them from those of others. */
  data: dataFolder(),
};
