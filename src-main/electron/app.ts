import { app, dialog, session } from 'electron';
import type { BrowserWindow } from 'electron';
import { messageOf } from '../../shared/errors.ts';
import type { Language } from '../../shared/languages.ts';
import type { Service } from '../engine/api.ts';
import { CHANNELS } from './channels.ts';
import { onDesktop } from './desktop.ts';
import { serveIpc } from './ipc.ts';
import { setMenu } from './menu.ts';
import { filesOf } from './opened.ts';
import { serveScheme } from './protocol.ts';
import { secureSession } from './security.ts';
import { openWindow } from './window.ts';

/** Where the built parts are, and how to reach the engine; made by `main.ts`, by hand in tests. */
export interface AppParts {
  /** Called once, while Electron starts. @throws UserError (rejects) when the engine cannot or may not be started. */
  makeService(): Promise<Service>;
  /** Built preload script. */
  preload: string;
  /** Folder of the built window. */
  renderer: string;
}

/**
 * The life of the program: one instance, one window, one engine. A second start brings the window of
 * the first one to the front; closing the window ends the program, and the engine before it.
 */
export function runApp(parts: AppParts): void {
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  let window: BrowserWindow | null = null;
  let service: Service | null = null;
  /** Files to open that no page has asked for yet; null once a page listens. */
  let waiting: string[] | null = filesOf(process.argv.slice(1), process.cwd());

  const open = (paths: string[]): void => {
    if (paths.length === 0) return;
    if (waiting) waiting.push(...paths);
    else window?.webContents.send(CHANNELS.open, paths);
  };
  const takeWaiting = (): string[] => {
    const paths = waiting ?? [];
    waiting = null;
    return paths;
  };

  app.on('second-instance', (_event, argv, folder) => {
    open(filesOf(argv.slice(1), folder));
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  // macOS hands files over like this, the first one possibly before `ready`.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open(filesOf([path], '/'));
  });
  app.on('window-all-closed', () => app.quit());
  app.on('will-quit', (event) => {
    if (!service) return;
    event.preventDefault();
    const closing = service.close();
    service = null;
    // The engine gets its time to close the journal, but never keeps the program from ending.
    void closing.catch(() => {}).then(() => app.exit(0));
  });

  const begin = async (): Promise<void> => {
    // Begun at once: what it looks at takes about as long as Chromium's start.
    const made = parts.makeService();
    // Told below; it may fail before `ready`.
    made.catch(() => {});
    await app.whenReady();
    secureSession(session.defaultSession);
    service = await made;
    serveScheme(parts.renderer, service);
    const tools = !app.isPackaged;
    const speak = (language: Language): void =>
      setMenu(process.platform === 'darwin', tools, (id) => window?.webContents.send(CHANNELS.action, id), language);
    speak('en');
    window = openWindow(parts.preload, tools);
    const desktop = onDesktop(window, service);
    const stop = serveIpc(window, desktop.service, takeWaiting, speak);
    window.on('closed', () => {
      stop();
      desktop.stop();
      window = null;
    });
  };
  begin().catch((error: unknown) => {
    // Without a window nobody could end the program.
    dialog.showErrorBox('Hairline cannot start', messageOf(error));
    app.exit(1);
  });
}
