import { BrowserWindow } from 'electron';
import type { BrowserWindowConstructorOptions } from 'electron';
import { START_PAGE } from './origin.ts';

/**
 * How the window is made. Several of these are Electron's defaults; they are stated all the same,
 * because one of them changed by mistake opens the machine to whatever a page contains.
 * @param preload path of the built preload script
 * @param tools whether the developer tools may be opened
 */
export function windowOptions(preload: string, tools: boolean): BrowserWindowConstructorOptions {
  return {
    // Electron keeps place, size and display mode of a window with a name, and checks them against the screens.
    name: 'main',
    windowStatePersistence: true,
    width: 1280,
    height: 860,
    minWidth: 900,
    minHeight: 600,
    title: 'Hairline',
    // Shown when the page has something to show, see `openWindow`.
    show: false,
    webPreferences: {
      preload,
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
      enableDeprecatedPaste: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: tools,
    },
  };
}

/** Opens the window on the start page. */
export function openWindow(preload: string, tools: boolean): BrowserWindow {
  const window = new BrowserWindow(windowOptions(preload, tools));
  window.once('ready-to-show', () => window.show());
  void window.loadURL(START_PAGE);
  return window;
}
