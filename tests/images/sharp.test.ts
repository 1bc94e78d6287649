import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { loadSharp } from '../../src-main/images/index.ts';

/** RTLD_DEEPBIND exists on glibc only. */
const deep = (constants.dlopen as Record<string, number>)['RTLD_DEEPBIND'];

it.skipIf(process.platform !== 'linux' || deep === undefined)('sharp is loaded so that its libraries prefer their own symbols, and nothing else is', async () => {
  const original = process.dlopen;
  const opened: [string, number | undefined][] = [];
  const spy = ((module: object, file: string, flags?: number) => {
    opened.push([file, flags]);
    original.call(process, module, file, flags);
  }) as typeof process.dlopen;
  process.dlopen = spy;
  try {
    await loadSharp();
    expect(process.dlopen).toBe(spy);
  } finally {
    process.dlopen = original;
  }
  const sharp = opened.filter(([file]) => /sharp-linux[^/]*\.node$/.test(file));
  expect(sharp).toHaveLength(1);
  expect(sharp[0]![1]! & deep!).toBe(deep);
});
