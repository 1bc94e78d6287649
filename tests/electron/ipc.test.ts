import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { Reply } from '../../src-main/electron/channels.ts';
import type { ElectronHost } from '../../src-main/electron/preload.ts';
import { EngineClient } from '../../src-main/engine/client.ts';
import { spawnEngine } from '../../src-main/engine/spawn.ts';
import { handmade } from '../engine/handmade.ts';
import { FakeService } from './service.ts';

type StandIn = typeof import('./stand-in.ts');

let electron: StandIn;
let window: InstanceType<StandIn['BrowserWindow']>;
let service: FakeService;
let host: ElectronHost;
let stop: () => void;
let folder: string;
const spoken: string[] = [];

beforeEach(async () => {
  vi.resetModules();
  vi.doMock('electron', () => import('./stand-in.ts'));
  electron = (await import('electron')) as unknown as StandIn;
  await electron.app.becomeReady();
  window = new electron.BrowserWindow({ webPreferences: {} });
  service = new FakeService();
  folder = mkdtempSync(join(tmpdir(), 'hairline-ipc-'));
  const { serveIpc } = await import('../../src-main/electron/ipc.ts');
  stop = serveIpc(
    window as never,
    service,
    () => ['/a.onnx'],
    (language) => spoken.push(language),
  );
  await import('../../src-main/electron/preload.ts');
  host = electron.record.exposed.get('hairline') as ElectronHost;
  // What main sends to the page arrives in the preload script, with an event object in front.
  window.webContents.send = (channel, ...args) => void electron.ipcRenderer.emit(channel, { sender: 'secret' }, ...args);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const warning: RunEvent = { type: 'warning', audit: 'a', message: 'm' };

describe('what the page gets', () => {
  it('is the contract and nothing of Electron', () => {
    expect([...electron.record.exposed.keys()]).toEqual(['hairline']);
    expect(Object.keys(host).sort()).toEqual(['call', 'importFiles', 'listen', 'onAction', 'onOpen', 'pictureUrl', 'save', 'setLanguage']);
    expect(Object.values(host).every((value) => typeof value === 'function')).toBe(true);
  });

  it('tells its language, if it is one', async () => {
    await host.setLanguage('de');
    await host.setLanguage('xx' as never);
    expect(spoken.splice(0)).toEqual(['de']);
  });

  it('calls the engine, and gets its answer or its sentence', async () => {
    service.answer = () => ({ audit: 'a1' });
    expect(await host.call('pause', { audit: 'a1' })).toEqual({ audit: 'a1' });
    service.answer = () => {
      throw new UserError('There is no audit a1.');
    };
    await expect(host.call('pause', { audit: 'a1' })).rejects.toThrow(/^There is no audit a1\.$/);
  });

  it('hears events without the event object, until it stops listening', () => {
    const heard: unknown[][] = [];
    const still = host.listen((...args: unknown[]) => void heard.push(args));
    for (const listener of service.listeners) listener(warning);
    still();
    for (const listener of service.listeners) listener(warning);
    expect(heard).toEqual([[warning]]);
  });

  it('hears of an engine that died while it ran an audit, and can go on with that at once', async () => {
    const bench = handmade(
      folder,
      `
      const status = { audit: 'a1', name: '', state: 'running', done: 1, total: 4, eta: 3, message: '', folder: '/a1' };
      if (m.name === 'pause') send({ event: { type: 'status', status } }), send({ id: m.id, ok: true, value: {} });
      else if (m.name === 'cancel') process.kill(process.pid, 'SIGKILL');
      else send({ id: m.id, ok: true, value: {} });`,
    );
    const client = new EngineClient(spawnEngine(process.execPath, bench));
    const { serveIpc } = await import('../../src-main/electron/ipc.ts');
    stop();
    stop = serveIpc(
      window as never,
      client,
      () => [],
      () => undefined,
    );
    const heard: RunEvent[] = [];
    host.listen((event) => void heard.push(event));
    try {
      await host.call('pause', { audit: 'a1' });
      await expect(host.call('cancel', { audit: 'a1' })).rejects.toThrow(/stopped unexpectedly/);
      expect(heard.map((event) => (event.type === 'status' ? event.status.state : event.type))).toEqual([
        'running',
        'crashed',
        'failed',
        'died',
      ]);
      expect(await host.call('resume', { audit: 'a1' })).toEqual({});
    } finally {
      await client.close();
    }
  });

  it('hears nothing once the window is gone', () => {
    const heard: unknown[] = [];
    host.listen((event) => heard.push(event));
    window.destroyed = true;
    for (const listener of service.listeners) listener(warning);
    stop();
    expect([heard.length, service.listeners.size, electron.ipcMain.handlers.size]).toEqual([0, 0, 0]);
  });

  it('turns dropped files into paths and leaves out files that lie nowhere', async () => {
    expect(await host.importFiles([{ name: 'a', path: '/x/a.onnx' }, { name: 'b' }] as never)).toEqual({
      paths: ['/x/a.onnx'],
      leftOut: [],
    });
  });

  it('addresses pictures on its own origin', () => {
    const address = { kind: 'image', image: 'a?b#c' } as const;
    const url = new URL(host.pictureUrl(address));
    expect([url.protocol, url.host, url.pathname]).toEqual(['app:', 'bundle', '/picture']);
    expect(JSON.parse(decodeURIComponent(url.search.slice(1)))).toEqual(address);
  });

  it('is told the files Hairline was opened with', async () => {
    const heard: string[][] = [];
    host.onOpen((paths) => heard.push(paths));
    await new Promise((done) => setImmediate(done));
    window.webContents.send('hairline:open', ['/b.onnx']);
    expect(heard).toEqual([['/a.onnx'], ['/b.onnx']]);
  });
});

describe('who may call', () => {
  const invoke = (channel: string, event: { sender: unknown; senderFrame: { url: string } | null }, ...args: unknown[]): Promise<Reply> =>
    electron.ipcMain.handlers.get(channel)!(event as never, ...args) as Promise<Reply>;

  it('is the main frame of the window on its own page, nobody else, on every channel', async () => {
    const { webContents } = window;
    const frame = webContents.mainFrame;
    const strangers: { sender: unknown; senderFrame: { url: string } | null }[] = [
      { sender: new electron.WebContents(), senderFrame: frame },
      { sender: webContents, senderFrame: null },
      // A frame inside the page, even with our own address.
      { sender: webContents, senderFrame: { url: 'app://bundle/index.html' } },
    ];
    for (const channel of electron.ipcMain.handlers.keys())
      for (const event of strangers)
        expect(await invoke(channel, event, 'audits', {})).toEqual({
          ok: false,
          error: { message: 'This page may not call Hairline.', user: false },
        });
    for (const url of ['https://example.org/', 'app://bundle.evil/', 'file:///a.html', 'about:blank', '']) {
      frame.url = url;
      expect((await invoke('hairline:call', { sender: webContents, senderFrame: frame }, 'audits', {})).ok, url).toBe(false);
    }
    expect(service.asked).toEqual([]);
    frame.url = 'app://bundle/index.html';
    expect((await invoke('hairline:call', { sender: webContents, senderFrame: frame }, 'audits', {})).ok).toBe(true);
  });

  it('and with what: unknown names and wrong input never reach the engine', async () => {
    const event = { sender: window.webContents, senderFrame: window.webContents.mainFrame };
    const wrong: unknown[][] = [
      [],
      [3, {}],
      ['constructor', {}],
      ['__proto__', {}],
      ['listen', {}],
      ['inspect'],
      ['inspect', { model: 1 }],
      ['inspect', { model: 'm', extra: true }],
      ['images', { paths: [], labels: null, offset: 0, limit: null }],
      ['start', { plan: { model: 'm' } }],
      ['audits', null],
    ];
    for (const args of wrong) {
      const reply = await invoke('hairline:call', event, ...args);
      expect(reply, JSON.stringify(args)).toMatchObject({ ok: false, error: { user: true } });
      expect((reply as { error: { message: string } }).error.message).toMatch(/^[^\n]+\.$/);
    }
    expect(service.asked).toEqual([]);
  });
});

describe('saving an exported document', () => {
  const exportTo = async (name: string): Promise<string> => {
    const file = join(folder, name);
    writeFileSync(file, `the ${name}`);
    service.answer = () => ({ file, url: null });
    await host.call('export', { audit: 'a', format: 'pdf' });
    return file;
  };

  it('copies it where the user says, and starts there the next time', async () => {
    const file = await exportTo('report.pdf');
    electron.record.saveTo = join(folder, 'kept.pdf');
    await host.save(file, null);
    expect(readFileSync(electron.record.saveTo, 'utf8')).toBe('the report.pdf');
    expect(electron.record.saveAsked[0]!.defaultPath).toBe(file);
    electron.record.saveTo = null;
    const second = await exportTo('results.csv');
    await host.save(second, null);
    expect(electron.record.saveAsked[1]!.defaultPath).toBe(join(folder, 'results.csv'));
  });

  it('is refused for any other file', async () => {
    await exportTo('report.pdf');
    electron.record.saveTo = join(folder, 'kept');
    for (const file of ['/etc/passwd', join(folder, 'other'), undefined, {}])
      await expect(host.save(file as never, null)).rejects.toThrow('Only a document that was just exported can be saved.');
    expect(electron.record.saveAsked).toEqual([]);
  });

  it('says so when the place cannot be written', async () => {
    const file = await exportTo('report.pdf');
    electron.record.saveTo = join(folder, 'absent', 'kept.pdf');
    await expect(host.save(file, null)).rejects.toThrow(/could not be written to .*kept\.pdf \(ENOENT\); choose another place\./);
  });
});
