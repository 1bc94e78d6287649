import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a build replaces `__DRAWN_BY__` by: a hash of all code that what a report says can hang on. Two builds with the same one
 * draw the same report of the same results; of another one `hairline verify` says that it does not compare the text.
 * @param {string} root of the repository: a bundled configuration does not know its own place
 */
export function drawnBy(root) {
  const hash = createHash('sha256');
  const files = ['src-main/report', 'shared'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  for (const file of [...files.filter((name) => name.endsWith('.ts')).sort(), 'package.json']) hash.update(readFileSync(join(root, file)));
  return { __DRAWN_BY__: JSON.stringify(hash.digest('hex').slice(0, 16)) };
}
