import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dialog, ipcMain } from 'electron';
import type { BrowserWindow, IpcMainInvokeEvent } from 'electron';
import type { CallOut } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { isLanguage, type Language } from '../../shared/languages.ts';
import type { Service } from '../engine/api.ts';
import { checkInput } from '../engine/check.ts';
import { callErrorOf, callNameOf } from '../engine/wire.ts';
import { CHANNELS } from './channels.ts';
import type { Reply } from './channels.ts';
import { isOwn } from './origin.ts';

/**
 * Serves the contract to one window: calls by invoke, events by send. Each message is checked for
 * who sent it, which a MessagePort, once handed over, could not tell.
 * @param waiting files that wait for the page, taken when it first asks for them
 * @param speak told the page's language
 * @returns stops serving
 */
export function serveIpc(
  window: BrowserWindow,
  service: Service,
  waiting: () => string[],
  speak: (language: Language) => void,
): () => void {
  /** What `export` and `mapSave` wrote: the only files the window may have copied. */
  const exported = new Set<string>();
  let folder = '';

  handle(window, CHANNELS.call, async (name, input) => {
    const known = callNameOf(name);
    const value = await service.call(known, checkInput(known, input));
    if (known === 'export' || known === 'mapSave') exported.add((value as CallOut<'export'>).file);
    return value;
  });

  handle(window, CHANNELS.save, async (file) => {
    if (typeof file !== 'string' || !exported.has(file)) throw new UserError('Only a document that was just exported can be saved.');
    // Without a path the dialog starts in Downloads every time.
    const choice = await dialog.showSaveDialog(window, { defaultPath: join(folder || dirname(file), basename(file)) });
    if (choice.canceled || !choice.filePath) return null;
    folder = dirname(choice.filePath);
    if (choice.filePath === file) return null;
    await copyFile(file, choice.filePath).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`The document could not be written to ${choice.filePath} (${error.code}); choose another place.`);
    });
    return null;
  });

  handle(window, CHANNELS.opened, async () => waiting());
  handle(window, CHANNELS.language, async (language) => {
    if (isLanguage(language)) speak(language);
    return null;
  });

  const stop = service.listen((event) => {
    if (!window.isDestroyed()) window.webContents.send(CHANNELS.event, event);
  });
  return () => {
    stop();
    for (const channel of [CHANNELS.call, CHANNELS.save, CHANNELS.opened, CHANNELS.language]) ipcMain.removeHandler(channel);
  };
}

function handle(window: BrowserWindow, channel: string, work: (...args: unknown[]) => Promise<unknown>): void {
  ipcMain.handle(channel, async (event, ...args): Promise<Reply> => {
    if (!fromOurPage(window, event)) return { ok: false, error: { message: 'This page may not call Hairline.', user: false } };
    try {
      return { ok: true, value: await work(...args) };
    } catch (error) {
      return { ok: false, error: callErrorOf(error) };
    }
  });
}

/** The main frame of our window, while it shows our own page. */
function fromOurPage(window: BrowserWindow, event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  if (window.isDestroyed() || event.sender !== window.webContents || frame === null) return false;
  return frame === window.webContents.mainFrame && isOwn(frame.url);
}
