import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../src-main/engine/api.ts';
import { holding } from '../../src-main/web/holding.ts';
import { Imports } from '../../src-main/web/imports.ts';
import { serveWindow } from '../../src-main/web/server.ts';
import { served } from './served.ts';

describe('batches', () => {
  let data: string;
  let imports: Imports;
  const window = {};
  const there = (): string[] =>
    readdirSync(join(data, 'imports'))
      .filter((name) => !name.startsWith('.'))
      .sort();
  /** A batch of so many bytes, as an upload leaves it. */
  async function batch(name: string, bytes = 10): Promise<string> {
    const file = join(data, 'imports', name, 'set/a.png');
    await mkdir(join(data, 'imports', name, 'set'), { recursive: true });
    await writeFile(file, 'x'.repeat(bytes));
    return file;
  }
  async function audit(name: string, plan: string): Promise<void> {
    await mkdir(join(data, 'audits', name), { recursive: true });
    await writeFile(join(data, 'audits', name, 'plan.json'), plan);
  }
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'hairline-imports-'));
    await mkdir(join(data, 'audits'));
    imports = new Imports(join(data, 'imports'), join(data, 'audits'));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));

  it('that an earlier server left are removed at the start, but for those that a plan names', async () => {
    const [kept] = [await batch('batch-kept'), await batch('batch-gone')];
    await audit('one', JSON.stringify({ images: [kept] }));
    await writeFile(join(data, 'imports/notes.txt'), 'mine');
    await mkdir(join(data, 'imports/Not A Batch'));
    await imports.open();
    expect(there()).toEqual(['Not A Batch', 'batch-kept', 'notes.txt']);
    await rm(join(data, 'audits/one'), { recursive: true });
    await imports.sweep();
    expect(there()).toEqual(['Not A Batch', 'notes.txt']);
    await imports.close();
  });

  it('stay, all of them, while a plan cannot be read: it may name any', async () => {
    await batch('batch-0001');
    // A folder where the plan should be.
    await mkdir(join(data, 'audits/odd/plan.json'), { recursive: true });
    await imports.open();
    expect(there()).toEqual(['batch-0001']);
    await rm(join(data, 'audits/odd'), { recursive: true });
    await imports.close();
    expect(there()).toEqual([]);
  });

  it('are removed without following a link out of them', async () => {
    await mkdir(join(data, 'outside'));
    await writeFile(join(data, 'outside/keep.txt'), 'keep');
    await batch('batch-0001');
    await symlink(join(data, 'outside'), join(data, 'imports/batch-0001/set/link'));
    await symlink(join(data, 'outside'), join(data, 'imports/batch-link'));
    await imports.open();
    expect(there()).toEqual(['batch-link']);
    expect(await readFile(join(data, 'outside/keep.txt'), 'utf8')).toBe('keep');
    await imports.close();
    expect(await readFile(join(data, 'outside/keep.txt'), 'utf8')).toBe('keep');
  });

  it('are measured by whom they belong to', async () => {
    await imports.open();
    const files = [
      await batch('batch-mine', 1),
      await batch('batch-both', 20),
      await batch('batch-audit', 300),
      await batch('batch-loose', 4000),
      await batch('batch-other', 50_000),
    ];
    await audit('one', JSON.stringify({ images: [files[1], files[2]] }));
    imports.keep(window, [files[0]!, files[1]!]);
    imports.keep({}, [files[4]!]);
    expect(await imports.sizes(window)).toEqual({ all: 54_321, setup: 21, audits: 320, loose: 4000 });
    await imports.sweep();
    expect(there()).toEqual(['batch-audit', 'batch-both', 'batch-mine', 'batch-other']);
    await imports.close();
    expect(there()).toEqual(['batch-audit', 'batch-both']);
  });

  it('outlive a window that lost its connection, until it is told to forget it', async () => {
    await imports.open();
    imports.keep(window, [await batch('batch-0001')]);
    imports.leave(window);
    await imports.sweep();
    expect(there()).toEqual(['batch-0001']);
    expect((await imports.sizes({})).loose).toBe(10);
    imports.forget();
    await imports.sweep();
    expect(there()).toEqual([]);
    await imports.close();
  });

  it('are kept while a file of theirs is on its way', async () => {
    await imports.open();
    await imports.receive('batch-0001', async () => {
      await batch('batch-0001');
      await imports.sweep();
      expect(there()).toEqual(['batch-0001']);
    });
    await imports.sweep();
    expect(there()).toEqual([]);
    await imports.close();
  });

  it('go with the server though a file of theirs was on its way, and though the window spoke last', async () => {
    await imports.open();
    let end: () => void = () => undefined;
    const arriving = imports.receive('batch-0001', async () => {
      await batch('batch-0001');
      await new Promise<void>((done) => (end = done));
    });
    await expect.poll(there).toEqual(['batch-0001']);
    const file = await batch('batch-0002');
    const closed = imports.close();
    imports.keep(window, [file]);
    end();
    await Promise.all([arriving, closed]);
    // The second was of no server: it stands for what the window named too late.
    expect(there()).toEqual([]);
  });

  it('are kept for an audit that has begun, before its plan is on the disk', async () => {
    await imports.open();
    const model = await batch('batch-0001');
    let tell: Parameters<Service['listen']>[0] = () => undefined;
    const engine = holding(
      { listen: (listener) => ((tell = listener), () => {}), call: async () => ({ audit: 'a' }) as never } as Pick<
        Service,
        'listen' | 'call'
      > as Service,
      imports,
    );
    await engine.call('start', { plan: { model } as never });
    await imports.close();
    expect(there()).toEqual(['batch-0001']);
    tell({ type: 'finished', audit: 'a', folder: '' });
    await imports.open();
    expect(there()).toEqual([]);
  });

  it('of another server at work on the same folder are left alone, and of one that is no more are not', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await batch('batch-other');
    await mkdir(join(data, 'imports/.servers'));
    await writeFile(join(data, 'imports/.servers', `${other.pid}-0000`), '');
    await imports.open();
    imports.keep(window, []);
    await imports.receive('batch-mine', () => batch('batch-mine'));
    await imports.sweep();
    expect(there()).toEqual(['batch-other']);
    other.kill();
    await new Promise((done) => other.on('exit', done));
    await imports.sweep();
    expect(there()).toEqual([]);
    await imports.close();
    expect(readdirSync(join(data, 'imports/.servers'))).toEqual([]);
  });
});

describe('the server', () => {
  const here = served();

  it('keeps what a window names, and removes what it names no more', async () => {
    const cookie = await here.enter();
    const socket = await here.open({ cookie, origin: here.base.origin });
    const uploads = async (input: unknown): Promise<unknown> => {
      socket.send(JSON.stringify({ id: 1, call: 'uploads', input }));
      return here.next(socket);
    };
    const { path } = JSON.parse((await here.post(cookie, 'set/a.png', 'x'.repeat(100))).body) as { path: string };
    expect(await uploads({ keep: [path] })).toEqual({ id: 1, out: { all: 100, setup: 100, audits: 0, loose: 0 } });
    expect(await uploads({ keep: path })).toMatchObject({
      error: { message: expect.stringContaining('something wrong: keep: '), user: true },
    });
    expect(existsSync(path)).toBe(true);
    expect(await uploads({ keep: [] })).toEqual({ id: 1, out: { all: 0, setup: 0, audits: 0, loose: 0 } });
    expect(existsSync(path)).toBe(false);
    await here.post(cookie, 'b.png', 'x');
    await here.server.close();
    expect(readdirSync(join(here.folder, 'data/imports')).filter((name) => name !== '.servers')).toEqual([]);
  });

  it('takes no file that the disk has no room for', async () => {
    const server = await serveWindow({
      service: { listen: () => () => {} } as unknown as Service,
      rendererDir: here.folder,
      dataDir: join(here.folder, 'other'),
      maxUpload: Infinity,
    });
    const base = new URL(server.url);
    const exchange = (text: string): Promise<string> =>
      new Promise((done) => {
        let got = '';
        const socket = connect(Number(base.port), '127.0.0.1', () => socket.write(text));
        socket.on('data', (chunk) => {
          got += chunk;
          if (got.includes('\r\n\r\n')) socket.destroy();
        });
        socket.on('close', () => done(got));
      });
    const entered = await exchange(`GET ${base.pathname}${base.search} HTTP/1.1\r\nHost: ${base.host}\r\n\r\n`);
    const cookie = /Set-Cookie: ([^;]+)/i.exec(entered)![1]!;
    // A petabyte.
    const refused = await exchange(
      `POST /upload?batch=batch-0001&path=a.onnx HTTP/1.1\r\nHost: ${base.host}\r\nOrigin: ${base.origin}\r\nCookie: ${cookie}\r\nContent-Length: 1000000000000000\r\n\r\nx`,
    );
    expect(refused).toContain('507');
    expect(existsSync(join(here.folder, 'other/imports/batch-0001/a.onnx'))).toBe(false);
    await server.close();
  });
});
