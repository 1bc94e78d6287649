import { expect, it } from 'vitest';
import { loadSharp } from '../../src-main/images/index.ts';

it('sharp is loaded once, keeps no cache, takes one thread an operation, and leaves the loader of libraries alone', async () => {
  const loader = process.dlopen;
  const flags: (number | undefined)[] = [];
  process.dlopen = ((module: object, file: string, flag?: number) => {
    flags.push(flag);
    return flag === undefined ? loader.call(process, module, file) : loader.call(process, module, file, flag);
  }) as typeof process.dlopen;
  const spy = process.dlopen;
  try {
    const loading = loadSharp();
    expect(loadSharp()).toBe(loading);
    const sharp = await loading;
    expect(process.dlopen).toBe(spy);
    expect(flags).toEqual([undefined]);
    // Given nothing, both tell what holds.
    expect(sharp.concurrency()).toBe(1);
    expect(sharp.cache()).toMatchObject({ memory: { max: 0 }, files: { max: 0 }, items: { max: 0 } });
  } finally {
    process.dlopen = loader;
  }
});
