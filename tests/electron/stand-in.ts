import { EventEmitter } from 'node:events';

/**
 * A stand-in for the module `electron`, for tests in plain Node: it records what is set and lets a
 * test play Chromium's part. `vi.mock('electron', () => import('./stand-in.ts'))` puts it in place;
 * for a fresh one per test, `vi.resetModules()` and the same with `vi.doMock`.
 */

export const record = {
  sandboxed: false,
  switches: new Map<string, string | undefined>(),
  schemes: [] as { scheme: string; privileges: Record<string, unknown> }[],
  protocols: new Map<string, (request: { url: string; method: string }) => Promise<Response>>(),
  windows: [] as BrowserWindow[],
  exits: [] as number[],
  quits: 0,
  isReady: false,
  lock: true,
  /** What the save dialog will answer, and what it was asked. */
  saveTo: null as string | null,
  saveAsked: [] as { defaultPath?: string }[],
  errorBoxes: [] as string[],
  exposed: new Map<string, unknown>(),
  menu: null as unknown,
  /** Recent documents, and what the taskbar showed, in order. */
  recent: [] as string[],
  progress: [] as { value: number; mode: string }[],
};

let ready!: () => void;
const whenReady = new Promise<void>((resolve) => (ready = resolve));

class App extends EventEmitter {
  isPackaged = false;
  commandLine = { appendSwitch: (name: string, value?: string) => void record.switches.set(name, value) };
  enableSandbox(): void {
    if (record.isReady) throw new Error('enableSandbox comes too late');
    record.sandboxed = true;
  }
  requestSingleInstanceLock(): boolean {
    return record.lock;
  }
  whenReady(): Promise<void> {
    return whenReady;
  }
  /** A test's own: Chromium is up. */
  async becomeReady(): Promise<void> {
    record.isReady = true;
    ready();
    await new Promise((done) => setImmediate(done));
  }
  /** As Electron does: `will-quit` may be prevented; if not, the process ends. */
  quit(): void {
    record.quits++;
    const event = stoppable();
    this.emit('will-quit', event);
    if (!event.defaultPrevented) this.exit(0);
  }
  exit(code: number): void {
    record.exits.push(code);
  }
  addRecentDocument(path: string): void {
    record.recent.push(path);
  }
  getPath(name: string): string {
    return `/paths/${name}`;
  }
}
export const app = new App();

/** An event that can be prevented, with whatever else it carries. */
export function stoppable<T extends object>(more: T = {} as T): T & { defaultPrevented: boolean; preventDefault(): void } {
  return {
    ...more,
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true;
    },
  };
}

type Handler = (...args: never[]) => unknown;
class Session extends EventEmitter {
  permissionRequest: ((contents: unknown, permission: string, answer: (granted: boolean) => void) => void) | null = null;
  permissionCheck: ((contents: unknown, permission: string) => boolean) | null = null;
  devicePermission: ((details: unknown) => boolean) | null = null;
  beforeRequest: ((details: { url: string }, answer: (decision: { cancel: boolean }) => void) => void) | null = null;
  spellChecker = true;
  setPermissionRequestHandler(handler: Handler): void {
    this.permissionRequest = handler as never;
  }
  setPermissionCheckHandler(handler: Handler): void {
    this.permissionCheck = handler as never;
  }
  setDevicePermissionHandler(handler: Handler): void {
    this.devicePermission = handler as never;
  }
  setSpellCheckerEnabled(enabled: boolean): void {
    this.spellChecker = enabled;
  }
  webRequest = { onBeforeRequest: (handler: Handler) => void (this.beforeRequest = handler as never) };
}
export const session = { defaultSession: new Session() };

export interface Frame {
  url: string;
}

export class WebContents extends EventEmitter {
  mainFrame: Frame = { url: 'app://bundle/index.html' };
  sent: { channel: string; args: unknown[] }[] = [];
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  send(channel: string, ...args: unknown[]): void {
    this.sent.push({ channel, args });
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
}

export class BrowserWindow extends EventEmitter {
  webContents = new WebContents();
  loaded: string[] = [];
  calls: string[] = [];
  destroyed = false;
  minimized = false;
  readonly options: Record<string, unknown> & { webPreferences: Record<string, unknown> };
  constructor(options: Record<string, unknown> & { webPreferences: Record<string, unknown> }) {
    super();
    if (!record.isReady) throw new Error('A window comes too early');
    this.options = options;
    record.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  show(): void {
    this.calls.push('show');
  }
  focus(): void {
    this.calls.push('focus');
  }
  restore(): void {
    this.calls.push('restore');
  }
  setProgressBar(value: number, { mode }: { mode: string }): void {
    if (this.destroyed) throw new Error('Object has been destroyed');
    record.progress.push({ value, mode });
  }
  /** A test's own: the user closes the window. */
  userCloses(): void {
    this.destroyed = true;
    this.emit('closed');
    app.emit('window-all-closed');
  }
}

type Invoked = (event: { sender: WebContents; senderFrame: Frame | null }, ...args: unknown[]) => Promise<unknown>;
export const ipcMain = {
  handlers: new Map<string, Invoked>(),
  handle(channel: string, handler: Invoked): void {
    if (this.handlers.has(channel)) throw new Error(`A second handler for ${channel}`);
    this.handlers.set(channel, handler);
  },
  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  },
};

export const dialog = {
  async showSaveDialog(_window: unknown, options: { defaultPath?: string }): Promise<{ canceled: boolean; filePath: string }> {
    record.saveAsked.push(options);
    return { canceled: record.saveTo === null, filePath: record.saveTo ?? '' };
  },
  showErrorBox: (title: string, content: string) => void record.errorBoxes.push(`${title}: ${content}`),
};

export const protocol = {
  registerSchemesAsPrivileged(schemes: typeof record.schemes): void {
    if (record.isReady) throw new Error('registerSchemesAsPrivileged comes too late');
    record.schemes.push(...schemes);
  },
  handle(scheme: string, handler: (request: { url: string; method: string }) => Promise<Response>): void {
    if (!record.isReady) throw new Error('protocol.handle comes too early');
    record.protocols.set(scheme, handler);
  },
};

export const Menu = {
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu: (menu: unknown) => void (record.menu = menu),
};

/** The page's side: the preload script exposes, and invokes what `ipcMain` handles. */
export const contextBridge = { exposeInMainWorld: (name: string, value: unknown) => void record.exposed.set(name, value) };
class IpcRenderer extends EventEmitter {
  invoked: { channel: string; args: unknown[] }[] = [];
  async invoke(channel: string, ...args: unknown[]): Promise<unknown> {
    this.invoked.push({ channel, args });
    const handler = ipcMain.handlers.get(channel);
    if (!handler) throw new Error(`No handler registered for '${channel}'`);
    const sender = record.windows.at(-1)!.webContents;
    return structuredClone(await handler({ sender, senderFrame: sender.mainFrame }, ...structuredClone(args)));
  }
}
export const ipcRenderer = new IpcRenderer();
export const webUtils = { getPathForFile: (file: { path?: string }) => file.path ?? '' };
