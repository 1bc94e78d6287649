import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/contract.ts';
import type { Service } from '../../src-main/engine/api.ts';
import { dropping } from '../../src-main/web/dropping.ts';
import { holding } from '../../src-main/web/holding.ts';
import type { Imports } from '../../src-main/web/imports.ts';
import { Limit } from '../../src-main/web/limit.ts';
import { Servers } from '../../src-main/web/servers.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-sharing-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** In place of the engine: what it was asked, and what it tells. */
function engine(answer: () => unknown = () => ({ audit: 'one' })) {
  const asked: [name: string, input: unknown][] = [];
  let tell = (_: RunEvent): void => undefined;
  const service = {
    call: (name: string, input: unknown) => {
      asked.push([name, input]);
      return Promise.resolve().then(answer);
    },
    listen: (listener: typeof tell) => ((tell = listener), () => undefined),
  } as unknown as Service;
  return { service, asked, tell: (event: object) => tell(event as RunEvent) };
}

it('a limit lets so many work at once, the others in their turn, and a fault frees its place', async () => {
  const limit = new Limit(2);
  const [began, ends]: [number[], (() => void)[]] = [[], []];
  const work = (n: number) =>
    limit.run(
      () =>
        new Promise<number>((done, fail) => {
          began.push(n);
          ends[n] = () => (n === 1 ? fail(new Error('one')) : done(n));
        }),
    );
  const all = [0, 1, 2, 3].map((n) => work(n).catch((error: Error) => error.message));
  const settle = () => new Promise((done) => setImmediate(done));
  await settle();
  expect(began).toEqual([0, 1]);
  ends[1]!();
  await settle();
  expect(began).toEqual([0, 1, 2]);
  ends[0]!();
  await settle();
  expect(began).toEqual([0, 1, 2, 3]);
  ends[2]!();
  ends[3]!();
  expect(await Promise.all(all)).toEqual([0, 'one', 2, 3]);
  // All places are free again, and no more than there were.
  const later = [4, 5, 6].map(work);
  await settle();
  expect(began.slice(4)).toEqual([4, 5]);
  for (const n of [4, 5]) ends[n]!();
  await settle();
  ends[6]!();
  await Promise.all(later);
});

describe('uploads of an audit that begins', () => {
  const held = () => {
    const log: string[] = [];
    const imports = { hold: (text: string) => (log.push(`hold ${text}`), () => void log.push('release')) } as unknown as Imports;
    return { log, imports };
  };

  it('are kept until that audit is over', async () => {
    const { log, imports } = held();
    const { service, tell, asked } = engine();
    const host = holding(service, imports);
    await host.call('open' as never, {} as never);
    expect(log).toEqual([]);
    expect(await host.call('start', { plan: 1 } as never)).toEqual({ audit: 'one' });
    expect(asked.map(([name]) => name)).toEqual(['open', 'start']);
    for (const event of [
      { type: 'status', audit: 'one' },
      { type: 'finished', audit: 'two' },
    ])
      tell(event);
    expect(log).toEqual(['hold {"plan":1}']);
    tell({ type: 'finished', audit: 'one' });
    tell({ type: 'finished', audit: 'one' });
    expect(log).toEqual(['hold {"plan":1}', 'release']);
  });

  it('are let go where it failed, or never began', async () => {
    const { log, imports } = held();
    const { service, tell } = engine();
    await holding(service, imports).call('start', {} as never);
    tell({ type: 'failed', audit: 'one' });
    expect(log).toEqual(['hold {}', 'release']);
    const never = holding(
      engine(() => {
        throw new Error('no');
      }).service,
      imports,
    );
    await expect(never.call('start', {} as never)).rejects.toThrow('no');
    expect(log).toEqual(['hold {}', 'release', 'hold {}', 'release']);
  });
});

describe('what was dropped, in the plan of an audit that begins', () => {
  const imports = join(root, 'imports');
  const drop = (files: Record<string, string>): string => {
    const batch = join(imports, randomUUID());
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(batch, name, '..'), { recursive: true });
      writeFileSync(join(batch, name), text);
    }
    return batch;
  };
  const told = async (plan: object): Promise<unknown> => {
    const { service, asked } = engine();
    await dropping(service, imports).call('start', { plan, audit: 'x' } as never);
    return (asked[0]![1] as { plan: { dropped?: unknown } }).plan.dropped;
  };
  const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
  const plan = (model: string, images: string[]) => ({ model, images, labels: null, classNames: null, threats: [] });

  it('stands with the names and hashes of its files, whatever the browser says of it', async () => {
    const batch = drop({ 'set/b.png': 'b', 'set/a.png': 'aa', 'm.onnx': 'm' });
    const other = drop({ 'x.png': 'x' });
    const files = [
      { name: 'm.onnx', sha256: sum('m'), bytes: 1 },
      { name: 'set/a.png', sha256: sum('aa'), bytes: 2 },
      { name: 'set/b.png', sha256: sum('b'), bytes: 1 },
    ];
    expect(await told({ ...plan(join(batch, 'm.onnx'), [join(batch, 'set')]), dropped: 'a lie' })).toEqual([{ folder: batch, files }]);
    expect(await told(plan(join(batch, 'm.onnx'), [join(other, 'x.png')]))).toHaveLength(2);
    // Of files of this machine nothing is told, nor of a folder of drops as a whole.
    expect(await told(plan('/m.onnx', ['/images']))).toBeUndefined();
    expect(await told(plan('/m.onnx', [batch]))).toBeUndefined();
    expect(await told(plan('/m.onnx', [join(imports, 'no batch', 'x')]))).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')('has names that a plan can hold', async () => {
    const one = drop({ 'odd.': '' });
    await expect(told(plan(join(one, 'odd.'), []))).rejects.toThrow(
      'odd. cannot be named in a plan: give it another name and drop it again.',
    );
    const two = drop({ 'a.': '', 'b ': '', 'c.png': '' });
    await expect(told(plan(join(two, 'c.png'), []))).rejects.toThrow(
      'a., b  cannot be named in a plan: give them other names and drop them again.',
    );
  });

  it('is left alone in every other call', async () => {
    const { service, asked } = engine();
    await dropping(service, imports).call('inspect' as never, { plan: { dropped: 1 } } as never);
    expect(asked).toEqual([['inspect', { plan: { dropped: 1 } }]]);
  });
});

it('a server knows of others that share its folder, but for those that are gone', async () => {
  const folder = join(root, 'servers');
  const [one, two] = [new Servers(folder), new Servers(folder)];
  expect(await one.alone()).toBe(true);
  await one.enter();
  expect(await one.alone()).toBe(true);
  await two.enter();
  expect([await one.alone(), await two.alone()]).toEqual([false, false]);
  await two.leave();
  expect(await one.alone()).toBe(true);
  // A process that is nobody's, and names that are none of a process.
  for (const name of ['4194305-ab', 'x-1', '0-1', '-5-1']) writeFileSync(join(folder, name), '');
  expect(await one.alone()).toBe(true);
  expect(readdirSync(folder)).toHaveLength(1);
  // The first process of all is somebody else's, or our own: alive.
  writeFileSync(join(folder, '1-ab'), '');
  expect(await one.alone()).toBe(false);
});
