import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';

/** What the installer registers Hairline for. */
const KINDS = ['.hairline', '.onnx'];

/** The files among a command line's arguments that Hairline opens, as absolute paths. */
export function filesOf(argv: readonly string[], folder: string): string[] {
  return argv
    .filter((word) => !word.startsWith('-') && KINDS.includes(extname(word).toLowerCase()))
    .map((word) => resolve(folder, word))
    .filter((path) => existsSync(path));
}
