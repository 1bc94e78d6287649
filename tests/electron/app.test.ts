import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { handmade } from '../engine/handmade.ts';
import { alive } from '../engine/processes.ts';

type StandIn = typeof import('./stand-in.ts');

const argv = [...process.argv];
// As `npm start` does.
process.env['HAIRLINE_NODE'] = process.execPath;
afterEach(() => (process.argv = [...argv]));

/** Loads the whole Electron host anew, as Electron does at a start. */
async function load(prepare: (electron: StandIn) => void = () => {}): Promise<StandIn> {
  vi.resetModules();
  vi.doMock('electron', () => import('./stand-in.ts'));
  const electron = (await import('electron')) as unknown as StandIn;
  prepare(electron);
  await import('../../src-main/electron/main.ts');
  return electron;
}

async function start(prepare?: (electron: StandIn) => void): Promise<StandIn> {
  const electron = await load(prepare);
  await electron.app.becomeReady();
  return electron;
}

/** The host around an engine that is given by its file; the rest is as `main.ts` makes it. */
async function startAround(engine: string, prepare: (electron: StandIn) => void = () => {}): Promise<StandIn & { starts(): number }> {
  vi.resetModules();
  vi.doMock('electron', () => import('./stand-in.ts'));
  const electron = (await import('electron')) as unknown as StandIn;
  prepare(electron);
  const [{ runApp }, { EngineClient }, { spawnEngine }] = await Promise.all([
    import('../../src-main/electron/app.ts'),
    import('../../src-main/engine/client.ts'),
    import('../../src-main/engine/spawn.ts'),
  ]);
  let starts = 0;
  const fork = spawnEngine(process.execPath, engine);
  runApp({ makeService: async () => new EngineClient(() => (starts++, fork())), preload: 'preload.cjs', renderer: 'renderer' });
  await electron.app.becomeReady();
  return { ...electron, starts: () => starts };
}

const ROOT = resolve(import.meta.dirname, '../..');

describe('before Electron is ready', () => {
  it('turns every sandbox on and the network off, and registers the scheme without bypasses', async () => {
    const { record } = await load();
    expect(record.sandboxed).toBe(true);
    expect(record.switches.has('disable-background-networking')).toBe(true);
    expect(record.switches.get('host-resolver-rules')).toBe('MAP * ~NOTFOUND');
    expect(record.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    ]);
    expect(record.windows).toHaveLength(0);
  });
});

describe('the window', () => {
  it('has no Node, its own context, a sandbox, and every door closed', async () => {
    const { record } = await start();
    expect(record.windows).toHaveLength(1);
    const window = record.windows[0]!;
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    });
    expect(window.options.webPreferences).not.toHaveProperty('enableBlinkFeatures');
    expect(window.options.webPreferences['preload']).toMatch(/preload[/\\]preload\.cjs$/);
    expect(window.options).toMatchObject({ name: 'main', windowStatePersistence: true });
    expect(window.loaded).toEqual(['app://bundle/index.html']);
  });

  it('is shown only when there is something to see', async () => {
    const { record } = await start();
    const window = record.windows[0]!;
    expect(window.options['show']).toBe(false);
    expect(window.calls).toEqual([]);
    window.emit('ready-to-show');
    expect(window.calls).toEqual(['show']);
  });

  it('has developer tools in a checkout and none in the packaged program', async () => {
    const open = await start();
    expect(open.record.windows[0]!.options.webPreferences['devTools']).toBe(true);
    expect(JSON.stringify(open.record.menu)).toContain('toggleDevTools');
    const packaged = await startAround('absent.mjs', ({ app }) => (app.isPackaged = true));
    expect(packaged.record.windows[0]!.options.webPreferences['devTools']).toBe(false);
    expect(JSON.stringify(packaged.record.menu)).not.toContain('toggleDevTools');
    expect(JSON.stringify(packaged.record.menu)).not.toMatch(/"reload"/);
  });
});

describe('permissions and requests', () => {
  it('denies every permission in all three ways that Electron asks', async () => {
    const { session } = await start();
    const own = session.defaultSession;
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'fileSystem', 'unknown']) {
      const answers: boolean[] = [];
      own.permissionRequest!({}, permission, (granted) => answers.push(granted));
      expect(answers).toEqual([false]);
      expect(own.permissionCheck!({}, permission)).toBe(false);
    }
    expect(own.devicePermission!({ deviceType: 'usb' })).toBe(false);
    expect(own.spellChecker).toBe(false);
  });

  it('cancels every request that is not for the window itself', async () => {
    const { session } = await start();
    const cancelled = (url: string): boolean => {
      let decision = { cancel: false };
      session.defaultSession.beforeRequest!({ url }, (given) => (decision = given));
      return decision.cancel;
    };
    for (const url of [
      'app://bundle/index.html',
      'app://bundle/assets/a.js?x',
      'devtools://devtools/a.html',
      'data:image/png;base64,AA',
      'blob:app://bundle/1',
    ])
      expect(cancelled(url), url).toBe(false);
    for (const url of [
      'https://example.org/',
      'http://127.0.0.1:8080/',
      'ws://localhost/',
      'file:///etc/passwd',
      'app://other/index.html',
      'app://bundle.example.org/',
      'app://bundle@example.org/',
      'app://user@bundle/',
      'chrome-extension://abc/',
      'not an address',
    ])
      expect(cancelled(url), url).toBe(true);
  });

  it('refuses downloads', async () => {
    const { session, stoppable } = await start();
    const event = stoppable();
    session.defaultSession.emit('will-download', event);
    expect(event.defaultPrevented).toBe(true);
  });
});

describe('navigation', () => {
  it('is blocked to anywhere but the window, for redirects and frames as well', async () => {
    const { record, stoppable } = await start();
    for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate'])
      for (const [url, blocked] of [
        ['https://example.org/', true],
        ['file:///home/a.html', true],
        ['javascript:alert(1)', true],
        ['app://bundle.evil/index.html', true],
        ['app://bundle/index.html', false],
      ] as const) {
        const event = stoppable({ url });
        record.windows[0]!.webContents.emit(name, event);
        expect(event.defaultPrevented, `${name} ${url}`).toBe(blocked);
      }
  });

  it('opens no other window and attaches no guest page', async () => {
    const { record, stoppable } = await start();
    const { webContents } = record.windows[0]!;
    for (const url of ['https://example.org/', 'app://bundle/index.html', 'about:blank'])
      expect(webContents.openHandler!({ url })).toEqual({ action: 'deny' });
    const event = stoppable();
    webContents.emit('will-attach-webview', event);
    expect(event.defaultPrevented).toBe(true);
  });
});

describe('the life of the program', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'hairline-app-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const PID = 'send({ id: m.id, ok: false, error: { message: String(process.pid), user: false } });';
  /** Starts the engine, which answers with its process. */
  const begun = async ({ ipcRenderer }: StandIn): Promise<number> => {
    const answer = (await ipcRenderer.invoke('hairline:call', 'audits', {})) as { error: { message: string } };
    return Number(answer.error.message);
  };
  const until = async (holds: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !holds(); i++) await sleep(20);
    expect(holds()).toBe(true);
  };

  it('runs once: a second start quits at once and touches nothing', async () => {
    const { record } = await start((electron) => (electron.record.lock = false));
    expect(record.quits).toBe(1);
    expect(record.windows).toHaveLength(0);
  });

  it('says why and ends when it cannot start', async () => {
    const { record } = await start(({ protocol }) => {
      protocol.handle = () => {
        throw new Error('The scheme is taken.');
      };
    });
    expect(record.errorBoxes).toEqual(['Hairline cannot start: The scheme is taken.']);
    expect(record.exits).toEqual([1]);
  });

  it('says how to start it when nothing tells a checkout which Node runs the engine', async () => {
    const names = ['HAIRLINE_NODE', 'npm_node_execpath'];
    for (const name of names) vi.stubEnv(name, undefined);
    const { record } = await start();
    vi.unstubAllEnvs();
    expect(record.errorBoxes).toEqual(['Hairline cannot start: Start the window with `npm start`: the engine needs a Node to run it.']);
    expect(record.windows).toEqual([]);
    expect(record.exits).toEqual([1]);
  });

  it('starts the engine with the first call only', async () => {
    const { record, ipcRenderer, starts } = await startAround(handmade(folder, 'send({ id: m.id, ok: true, value: [] });'));
    expect(record.windows).toHaveLength(1);
    expect(starts()).toBe(0);
    expect(await ipcRenderer.invoke('hairline:call', 'audits', {})).toEqual({ ok: true, value: [] });
    expect(starts()).toBe(1);
  });

  it('tells what the engine wrote last when it dies', async () => {
    const { ipcRenderer } = await startAround(
      handmade(folder, "console.error('terminate called'); setTimeout(() => process.exit(134), 50);"),
    );
    const answer = await ipcRenderer.invoke('hairline:call', 'audits', {});
    expect(answer).toEqual({
      ok: false,
      error: { message: 'The engine stopped unexpectedly (exit code 134 | terminate called).', user: false },
    });
  });

  it('closes the engine in good order before it ends, once', async () => {
    const note = join(folder, 'closed');
    const closing = `import('node:fs').then((fs) => setTimeout(() => (fs.writeFileSync(${JSON.stringify(note)}, ''), send({ id: m.id, ok: true })), 100));`;
    const electron = await startAround(handmade(folder, `if (m.kind !== 'close') ${PID}\nelse ${closing}`));
    const { app, record } = electron;
    const pid = await begun(electron);
    record.windows[0]!.userCloses();
    expect([record.exits, existsSync(note)]).toEqual([[], false]);
    await until(() => record.exits.length > 0);
    expect([record.exits, existsSync(note)]).toEqual([[0], true]);
    await until(() => !alive(pid));
    app.quit();
    expect(record.exits).toEqual([0, 0]);
  });

  it('ends although the engine does not answer', async () => {
    const electron = await startAround(handmade(folder, `if (m.kind !== 'close') ${PID}`));
    const pid = await begun(electron);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      electron.app.quit();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(electron.record.exits).toEqual([0]);
    } finally {
      vi.useRealTimers();
    }
    await until(() => !alive(pid));
  });
});

describe('files the program is opened with', () => {
  it('keeps them until the page asks, then passes later ones on, and brings the window to the front', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hairline-open-'));
    try {
      const model = join(folder, 'a.onnx');
      const audit = join(folder, 'b.hairline');
      for (const file of [model, audit, join(folder, 'c.txt')]) writeFileSync(file, '');
      process.argv = ['electron', ROOT, '--flag', model, join(folder, 'c.txt'), join(folder, 'absent.onnx')];
      const { app, record, ipcRenderer, stoppable } = await start();
      const { webContents } = record.windows[0]!;
      const event = stoppable();
      app.emit('open-file', event, audit);
      expect(event.defaultPrevented).toBe(true);
      expect(await ipcRenderer.invoke('hairline:opened')).toEqual({ ok: true, value: [model, audit] });
      expect(await ipcRenderer.invoke('hairline:opened')).toEqual({ ok: true, value: [] });

      record.windows[0]!.minimized = true;
      app.emit('second-instance', {}, ['hairline', 'a.onnx', 'c.txt'], folder);
      expect(webContents.sent).toEqual([{ channel: 'hairline:open', args: [[model]] }]);
      expect(record.windows[0]!.calls).toEqual(['restore', 'focus']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
