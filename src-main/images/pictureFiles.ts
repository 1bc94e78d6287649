import { decodeFile, highOfFile, readHeader } from './decode.ts';
import { stemOf } from './source.ts';
import type { Source } from './source.ts';

/** Where a picture file lies, and how it is called in results. */
export interface NamedFile {
  path: string;
  name: string;
}

/**
 * Picture files, in the order given, without labels. Nothing is read before it is asked for.
 * @param bits how many are in use of pictures that have 16 a value, where somebody said so
 */
export function fileSource(files: readonly NamedFile[], bits?: number): Source {
  return {
    count: files.length,
    labels: null,
    classNames: null,
    warnings: [],
    entry: (index) => {
      const { path, name } = files[index]!;
      return {
        source: name,
        stem: stemOf(name),
        file: name,
        path,
        header: () => readHeader(path, path),
        bits,
        read: (found) => decodeFile(path, path, bits ?? found),
        high: () => highOfFile(path, path),
      };
    },
  };
}
