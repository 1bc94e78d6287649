import type { Host } from '../../shared/contract.ts';
import type { Language } from '../../shared/languages.ts';
import type { Uploads } from '../../shared/uploads.ts';
import { WebHost } from './web.ts';

/**
 * What Electron's preload adds: files the user opened Hairline with, now and later, actions chosen in its menu, and the menu's
 * language. And what the browser host adds, to which files are copied.
 */
export interface WindowHost extends Host {
  onOpen?(listener: (paths: string[]) => void): () => void;
  onAction?(listener: (id: string) => void): () => void;
  setLanguage?(language: Language): Promise<void>;
  uploads?(kept: readonly string[], discard?: boolean): Promise<Uploads>;
}

let host: WindowHost | null = null;

/** Electron's host when its preload put one there, else the socket of the page's own server. Made on first use. */
export function theHost(): WindowHost {
  host ??= window.hairline ?? new WebHost();
  return host;
}

/** Electron resolves a dropped folder by its path; a browser has to walk through it. */
export function walksFolders(): boolean {
  return window.hairline === undefined;
}
