import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS, type CallName, type PictureAddress } from '../../shared/contract.ts';
import type { Service } from '../../src-main/engine/api.ts';
import { bounded } from '../../src-main/web/bounded.ts';
import { Bounds } from '../../src-main/web/bounds.ts';
import { inputsOf } from './inputs.ts';

/**
 * Texts in the inputs of calls that are no paths: ids, names, words. Whoever adds a text to a call finds this test red, and
 * either names it here or in src-main/web/named.ts.
 */
const WORDS: Record<string, readonly string[]> = {
  '*': [
    'input',
    'output',
    'answer.output',
    'plan.answer.output',
    'plan.input',
    'plan.output',
    'plan.name',
    'plan.guess',
    'plan.threats.attacks.id',
    'plan.dropped.folder',
    'plan.dropped.files.name',
    'plan.dropped.files.sha256',
  ],
  gradcheck: [],
  partition: ['image'],
  probe: ['image', 'attack.id'],
  preview: ['images'],
  images: ['modelNames'],
  nameClasses: ['text'],
  noiseOutput: ['image', 'attack'],
  map: ['image.image'],
  mapMore: ['map'],
  mapAttack: ['map'],
  mapStop: ['map'],
  mapSave: ['map'],
};
const isWord = (name: string, place: string): boolean => WORDS['*']!.includes(place) || (WORDS[name] ?? []).includes(place);
/** Texts that name an audit or where one goes; what is inside for them is no file. */
const AUDITS = ['audit', 'image.audit', 'folder', 'file'];

let folder: string;
let data: string;
let inside: string;
let service: Service;
const calls: [string, unknown][] = [];
const OUTSIDE = /lies outside what this window may open|is no audit of this window|An audit of this window is written/;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairline-bounds-'));
  data = join(folder, 'data');
  for (const name of ['data/audits/mine', 'data/imports/batch-0001/set', 'data/imports-of-others', 'samples', 'elsewhere'])
    await mkdir(join(folder, name), { recursive: true });
  inside = join(data, 'imports/batch-0001/set/a.png');
  for (const file of [
    inside,
    join(folder, 'samples/signs.onnx'),
    join(folder, 'elsewhere/secret.png'),
    join(data, 'imports-of-others/x.png'),
    join(data, 'own.txt'),
  ])
    await writeFile(file, 'x');
  const engine: Service = {
    call: async (name: string, input: unknown) => (calls.push([name, input]), {}) as never,
    listen: () => () => {},
    picture: async (address: unknown) => (calls.push(['picture', address]), new Uint8Array()),
    close: async () => {},
  };
  service = bounded(engine, await Bounds.of({ audits: join(data, 'audits'), reads: [join(data, 'imports'), join(folder, 'samples')] }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = (name: CallName, input: unknown): Promise<unknown> => service.call(name, input as never);
const images = (path: string): Promise<unknown> => ask('images', { paths: [path], labels: null, offset: 0, limit: null });

/** Ids of attacks become part of the names of files, and the contract takes nothing else; nor of dropped files, which are names and hashes. */
const SHAPED: [RegExp, string][] = [
  [/attacks?\.id$/, 'pgd'],
  [/^plan\.dropped\.files\.name$/, 'set/a.png'],
  [/^plan\.dropped\.files\.sha256$/, '0'.repeat(64)],
];
const shaped = (place: string): string | undefined => SHAPED.find(([at]) => at.test(place))?.[1];
/** What is right at every place. */
const right = (place: string): string =>
  shaped(place) ??
  (place === 'file'
    ? join(data, 'audits/mine/audit.hairline')
    : place === 'folder'
      ? join(data, 'audits/new')
      : AUDITS.includes(place)
        ? 'mine'
        : inside);

describe.each(Object.keys(CALLS) as CallName[])('%s', (name) => {
  const places = new Set<string>();
  inputsOf(CALLS[name].in, (place) => (places.add(place), ''));

  it('reaches the engine with everything inside, whatever its words are', async () => {
    const outside = join(folder, 'elsewhere/secret.png');
    for (const input of inputsOf(CALLS[name].in, (place) => (isWord(name, place) && shaped(place) === undefined ? outside : right(place))))
      await ask(name, input);
    expect(calls.at(-1)![0]).toBe(name);
  });

  it('is refused for each path and each audit outside', async () => {
    for (const place of places) {
      if (isWord(name, place)) continue;
      for (const outside of [join(folder, 'elsewhere/secret.png'), join(data, 'imports/../../elsewhere/secret.png')]) {
        let refused = 0;
        calls.length = 0;
        for (const input of inputsOf(CALLS[name].in, (at) => (at === place ? outside : right(at)))) {
          await ask(name, input).catch((error: Error) => {
            expect([error.name, error.message], place).toEqual(['UserError', expect.stringMatching(OUTSIDE)]);
            refused++;
          });
        }
        expect(refused, place).toBeGreaterThan(0);
        expect(JSON.stringify(calls), place).not.toContain('secret');
      }
    }
  });
});

describe('paths', () => {
  it('are taken inside the uploads, the audits and the samples', async () => {
    for (const path of [
      inside,
      join(data, 'imports/batch-0001'),
      join(data, 'audits/mine'),
      join(folder, 'samples/signs.onnx'),
      join(folder, 'samples'),
    ])
      await images(path);
  });

  it('are refused outside, alike whether something is there', async () => {
    const said = [
      join(folder, 'elsewhere/secret.png'),
      join(folder, 'elsewhere/nothing.png'),
      folder,
      data,
      join(data, 'own.txt'),
      join(data, 'imports-of-others/x.png'),
      '/',
      '',
      'a.png',
      './imports',
      'data/imports',
      `${inside}\0`,
      `${inside}/../../../../../elsewhere/secret.png`,
      '//server/share/x.png',
      '\\\\server\\share\\x.png',
      'file:///etc/passwd',
      '~',
    ];
    for (const path of said)
      await expect(images(path), path).rejects.toThrow(
        'lies outside what this window may open: drop it into the window, or start with --allow FOLDER.',
      );
  });

  it('are never patterns', async () => {
    for (const path of ['imports/batch-0001/*/a.png', 'imports/**/../../../elsewhere/*', 'imports/{batch-0001,../../elsewhere}/*']) {
      await expect(images(join(data, 'x').slice(0, -1) + path), path).rejects.toThrow(/is not there any more|lies outside/);
    }
  });

  it('are followed through links, of files and of folders, and of what lies in a folder', async () => {
    const batch = join(data, 'imports/batch-0002');
    await mkdir(join(batch, 'deep/down'), { recursive: true });
    const link = async (target: string, name: string): Promise<string> => (await symlink(target, join(batch, name)), join(batch, name));
    await expect(images(await link(join(folder, 'elsewhere/secret.png'), 'file.png'))).rejects.toThrow(OUTSIDE);
    await expect(images(join(await link(join(folder, 'elsewhere'), 'folder'), 'secret.png'))).rejects.toThrow(OUTSIDE);
    await expect(images(await link('../../../elsewhere', 'relative'))).rejects.toThrow(OUTSIDE);
    await expect(images(batch)).rejects.toThrow(OUTSIDE);
    for (const name of ['file.png', 'folder', 'relative']) await rm(join(batch, name));
    await images(batch);
    await link(join(folder, 'elsewhere'), 'deep/down/out');
    await expect(images(batch)).rejects.toThrow(OUTSIDE);
    await rm(join(batch, 'deep/down/out'));
    // To another place inside, in a circle, to nowhere: nothing outside is read.
    await link(join(folder, 'samples'), 'deep/samples');
    await link(batch, 'deep/round');
    await link(join(folder, 'nowhere'), 'deep/nowhere');
    await images(batch);
  });

  it('may lie in a place that is itself a link, and are taken by either name', async () => {
    await symlink(folder, join(tmpdir(), 'hairline-bounds-link'));
    try {
      const there = join(tmpdir(), 'hairline-bounds-link');
      const other = bounded(
        { ...service, call: async () => ({}) as never },
        await Bounds.of({ audits: join(there, 'data/audits'), reads: [join(there, 'samples')] }),
      );
      for (const base of [there, folder]) await other.call('unclearInputs', { model: join(base, 'samples/signs.onnx') });
      await expect(other.call('unclearInputs', { model: join(there, 'elsewhere/secret.png') })).rejects.toThrow(OUTSIDE);
    } finally {
      await rm(join(tmpdir(), 'hairline-bounds-link'));
    }
  });
});

describe('audits', () => {
  const addresses: PictureAddress[] = [
    { kind: 'clean', audit: '', image: 'a' },
    { kind: 'clean-output', audit: '', image: 'a' },
    ...(['adversarial', 'difference', 'output', 'noise-output'] as const).map((kind) => ({
      kind,
      audit: '',
      image: 'a',
      threat: 0,
      attack: 'x',
    })),
  ];

  it('lie in the folder of the audits, by whatever name, for calls and for pictures', async () => {
    await symlink(join(folder, 'elsewhere'), join(data, 'audits/linked'));
    await symlink(join(folder, 'not-yet'), join(data, 'audits/dangling'));
    for (const audit of [
      '..',
      '.',
      '',
      '../audits',
      '../imports/batch-0001',
      'mine/../../imports',
      'linked',
      'linked/deeper',
      'dangling',
      'mi\0ne',
      join(folder, 'elsewhere'),
      join(data, 'imports/batch-0001'),
      '/',
    ]) {
      for (const name of ['results', 'progress', 'pause', 'resume', 'cancel'] as const)
        await expect(ask(name, { audit }), audit).rejects.toThrow('is no audit of this window');
      for (const address of addresses)
        await expect(service.picture({ ...address, audit } as PictureAddress), audit).rejects.toThrow('is no audit of this window');
    }
    for (const audit of ['mine', join(data, 'audits/mine'), 'not-there']) await ask('results', { audit });
    for (const address of addresses) await service.picture({ ...address, audit: 'mine' } as PictureAddress);
    for (const name of ['linked', 'dangling']) await rm(join(data, 'audits', name));
  });

  it('are carried out only where their own plan stays inside', async () => {
    const plan = (model: string) =>
      JSON.stringify({ model, preprocessing: {}, images: [inside], threats: [{ norm: 'linf', eps: [0.1], attacks: [{ id: 'fgsm' }] }] });
    const file = join(data, 'audits/mine/plan.json');
    for (const call of ['resume', 'noiseOutput'] as const) {
      const input = call === 'resume' ? { audit: 'mine' } : { audit: 'mine', image: 'a', threat: 0, attack: 'fgsm' };
      await writeFile(file, plan(inside));
      await ask(call, input);
      await writeFile(file, plan(join(folder, 'elsewhere/secret.png')));
      await expect(ask(call, input)).rejects.toThrow('lies outside');
      // Relative paths count from the plan's own folder.
      await writeFile(file, plan('../../../elsewhere/secret.png'));
      await expect(ask(call, input)).rejects.toThrow('lies outside');
    }
    await rm(file);
  });

  it('are written to a folder of their own and to nothing else', async () => {
    const plan = { model: inside, preprocessing: {}, images: [inside], threats: [{ norm: 'linf', eps: [0.1], attacks: [{ id: 'fgsm' }] }] };
    await symlink(join(folder, 'elsewhere'), join(data, 'audits/linked'));
    for (const wrong of ['linked', '../x', '.', 'a/b', '../imports/batch-0001'])
      await expect(ask('start', { plan, folder: join(data, 'audits') + '/' + wrong }), wrong).rejects.toThrow(
        'An audit of this window is written',
      );
    for (const wrong of ['', 'new', join(folder, 'new'), '/tmp', join(data, 'audits')])
      await expect(ask('start', { plan, folder: wrong }), wrong).rejects.toThrow('An audit of this window is written');
    await ask('start', { plan, folder: join(data, 'audits/new') });
    await ask('start', { plan });
    await rm(join(data, 'audits/linked'));
  });
});

it('says which place to open does not exist', async () => {
  const gone = join(folder, 'gone');
  await expect(Bounds.of({ audits: join(data, 'audits'), reads: [gone] })).rejects.toThrow(`${gone} does not exist`);
  // What is put in its place later is not what was meant.
  const bounds = await Bounds.of({ audits: join(data, 'audits'), reads: [join(folder, 'samples')] });
  await rename(join(folder, 'samples'), join(folder, 'samples-before'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'samples'));
  await expect(bounds.demandReadable(join(folder, 'samples/secret.png'))).rejects.toThrow(OUTSIDE);
});
