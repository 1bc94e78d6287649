import { join } from 'node:path';

/** The repository. The runner is bundled elsewhere, so it says where that is. */
export const ROOT = process.env['HAIRLINE_ROOT'] ?? join(import.meta.dirname, '../..');
