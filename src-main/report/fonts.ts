import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The report's faces: text, emphasis, and fixed width for hashes and commands. */
export const FACES = { text: 'Inter-Regular.ttf', bold: 'Inter-SemiBold.ttf', mono: 'JetBrainsMono-Regular.ttf' } as const;
export type Face = keyof typeof FACES;

/**
 * The files of the faces. They lie in assets/fonts of the repository, and of the packed application:
 * looked for upwards from this file, because a build moves the code (src-main/report → out/main).
 * Throws when the installation lacks them.
 */
export function fontFiles(): Record<Face, string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const fonts = join(folder, 'assets', 'fonts');
    if (existsSync(join(fonts, FACES.text))) {
      return { text: join(fonts, FACES.text), bold: join(fonts, FACES.bold), mono: join(fonts, FACES.mono) };
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The fonts of the report (assets/fonts) are missing from this installation.');
    folder = parent;
  }
}
