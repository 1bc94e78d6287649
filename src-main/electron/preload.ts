import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { CallIn, CallName, CallOut, Host, RunEvent } from '../../shared/contract.ts';
import type { Language } from '../../shared/languages.ts';
import { CHANNELS } from './channels.ts';
import type { Reply } from './channels.ts';
import { HOST, SCHEME } from './origin.ts';

/**
 * The only door between the page and the rest: functions of the contract, never `ipcRenderer`
 * itself, and never an event object, which would lead back to it.
 */
export interface ElectronHost extends Host {
  /** Files the user opened Hairline with, now and later. */
  onOpen(listener: (paths: string[]) => void): () => void;
  /** Actions chosen in the menu, by their id in `shared/actions.ts`. */
  onAction(listener: (id: string) => void): () => void;
  /** The language of the menu. */
  setLanguage(language: Language): Promise<void>;
}

async function ask(channel: string, ...args: unknown[]): Promise<unknown> {
  const reply = (await ipcRenderer.invoke(channel, ...args)) as Reply;
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}

function hear<T>(channel: string, listener: (value: T) => void): () => void {
  const bare = (_event: unknown, value: T): void => listener(value);
  ipcRenderer.on(channel, bare);
  return () => void ipcRenderer.removeListener(channel, bare);
}

const host: ElectronHost = {
  call: <N extends CallName>(name: N, input: CallIn<N>) => ask(CHANNELS.call, name, input) as Promise<CallOut<N>>,
  listen: (listener) => hear<RunEvent>(CHANNELS.event, listener),
  // A File made by the page itself lies nowhere, and has an empty path.
  importFiles: async (files) => ({
    paths: files.map((file) => webUtils.getPathForFile(file as never)).filter((path) => path !== ''),
    leftOut: [],
  }),
  pictureUrl: (address) => `${SCHEME}://${HOST}/picture?${encodeURIComponent(JSON.stringify(address))}`,
  save: async (file) => void (await ask(CHANNELS.save, file)),
  onOpen: (listener) => {
    const stop = hear<string[]>(CHANNELS.open, listener);
    void ask(CHANNELS.opened).then((paths) => {
      if ((paths as string[]).length > 0) listener(paths as string[]);
    });
    return stop;
  },
  onAction: (listener) => hear<string>(CHANNELS.action, listener),
  setLanguage: async (language) => void (await ask(CHANNELS.language, language)),
};

contextBridge.exposeInMainWorld('hairline', host);
