import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MenuItemConstructorOptions } from 'electron';
import { ACTIONS } from '../../shared/actions.ts';
import type { AuditStatus } from '../../shared/contract.ts';
import { FakeService } from './service.ts';

type StandIn = typeof import('./stand-in.ts');
let electron: StandIn;
beforeEach(async () => {
  vi.resetModules();
  vi.doMock('electron', () => import('./stand-in.ts'));
  electron = (await import('electron')) as unknown as StandIn;
});
afterEach(() => void vi.doUnmock('electron'));

describe('the menu', () => {
  const entries = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? entries(item.submenu) : [])]);

  it.each([true, false])('has every action of the window once, on a Mac: %s, and tells which was chosen', async (mac) => {
    const { menuTemplate } = await import('../../src-main/electron/menu.ts');
    const chosen: string[] = [];
    const all = entries(menuTemplate(mac, false, (id) => chosen.push(id), 'en')).filter((item) => item.id !== undefined);
    expect(all.map((item) => item.id).sort()).toEqual(ACTIONS.map((action) => action.id).sort());
    for (const item of all) (item.click as () => void)();
    expect(chosen).toEqual(all.map((item) => item.id));
  });

  it('shows the keys that the page itself listens to, and takes none of them away from text fields', async () => {
    const { menuTemplate } = await import('../../src-main/electron/menu.ts');
    const all = entries(menuTemplate(false, false, () => {}, 'en'));
    expect(all.find((item) => item.id === 'file.folder')).toMatchObject({ accelerator: 'CmdOrCtrl+Shift+I', registerAccelerator: false });
    for (const item of all) if (item.accelerator) expect([item.id, item.registerAccelerator]).toEqual([item.id, false]);
    for (const { id, shortcut } of ACTIONS)
      if (shortcut && !shortcut.startsWith('Mod+')) expect(all.find((item) => item.id === id)).not.toHaveProperty('accelerator');
  });

  it('speaks the language of the page, in what Electron would name itself, too', async () => {
    await import('../../src-main/electron/main.ts');
    await electron.app.becomeReady();
    const labels = () => entries(electron.record.menu as MenuItemConstructorOptions[]).map(({ label, role }) => label ?? role);
    expect(labels()).toContain('Open model…');
    const sender = electron.record.windows[0]!.webContents;
    const speak = (language: unknown) =>
      electron.ipcMain.handlers.get('hairline:language')!({ sender, senderFrame: sender.mainFrame }, language);
    await speak('xx');
    expect(labels()).toContain('Open model…');
    await speak('de');
    expect(labels()).toEqual(expect.arrayContaining(['Datei', 'Modell öffnen…', 'Bearbeiten', 'Einfügen', 'Vollbild']));
    expect(labels().filter((label) => /^(Open|Edit|File|Window)/.test(label ?? ''))).toEqual([]);
  });

  it('sends what was chosen to the page', async () => {
    await import('../../src-main/electron/main.ts');
    await electron.app.becomeReady();
    const [file] = electron.record.menu as MenuItemConstructorOptions[];
    const model = (file!.submenu as MenuItemConstructorOptions[]).find((item) => item.id === 'file.model')!;
    (model.click as () => void)();
    expect(electron.record.windows[0]!.webContents.sent).toEqual([{ channel: 'hairline:action', args: ['file.model'] }]);
  });
});

describe('around the window', () => {
  const status = (state: AuditStatus['state'], done: number, total: number): AuditStatus => ({
    audit: 'a',
    name: 'a',
    state,
    done,
    total,
    eta: null,
    message: '',
    folder: '/audits/a',
  });

  async function tied() {
    await electron.app.becomeReady();
    const { onDesktop } = await import('../../src-main/electron/desktop.ts');
    const service = new FakeService();
    const window = new electron.BrowserWindow({ webPreferences: {} });
    const desktop = onDesktop(window as never, service as never);
    const tell = (state: AuditStatus['state'], done: number, total: number) =>
      service.listeners.forEach((listener) => listener({ type: 'status', status: status(state, done, total) }));
    return { service, window, desktop, tell };
  }

  it('the taskbar follows the audit, and is cleared when it is over', async () => {
    const { tell } = await tied();
    for (const [state, done, total] of [
      ['preparing', 0, 0],
      ['running', 1, 4],
      ['paused', 2, 4],
      ['finished', 4, 4],
      ['failed', 2, 4],
    ] as const)
      tell(state, done, total);
    expect(electron.record.progress).toEqual([
      { value: 2, mode: 'indeterminate' },
      { value: 0.25, mode: 'normal' },
      { value: 0.5, mode: 'paused' },
      { value: -1, mode: 'none' },
      { value: 1, mode: 'error' },
    ]);
  });

  it('says nothing to a window that is gone, nor after it was stopped', async () => {
    const { window, desktop, tell } = await tied();
    window.destroyed = true;
    tell('running', 1, 4);
    window.destroyed = false;
    desktop.stop();
    tell('running', 1, 4);
    expect(electron.record.progress).toEqual([]);
  });

  it('models that were opened and audits that finished are recent documents; what could not be opened is none', async () => {
    const { service, desktop } = await tied();
    await desktop.service.call('inspect', { model: '/models/a.onnx' });
    await desktop.service.call('audits', {});
    service.answer = () => Promise.reject(new Error('no model'));
    await expect(desktop.service.call('inspect', { model: '/models/b.onnx' })).rejects.toThrow('no model');
    service.listeners.forEach((listener) => listener({ type: 'finished', audit: 'a', folder: '/audits/a' }));
    expect(electron.record.recent).toEqual(['/models/a.onnx', join('/audits/a', 'audit.hairline')]);
    expect(service.asked.map(({ name }) => name)).toEqual(['inspect', 'audits', 'inspect']);
  });
});
