import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the installed program: out/main/cli.js lies two folders below. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const PATHS = {
  engine: fileURLToPath(new URL('./engine.js', import.meta.url)),
  child: fileURLToPath(new URL('./child.js', import.meta.url)),
  renderer: join(ROOT, 'out', 'renderer'),
  assets: join(ROOT, 'assets'),
  /** Where audits are kept when no folder is named; each system has its own place for such data. */
  data: process.env['HAIRLINE_DATA'] ?? userData(),
};

function userData(): string {
  if (process.platform === 'win32') return join(process.env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Hairline');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Hairline');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'hairline');
}
