import type { Host } from '../../shared/contract.ts';
import { WebHost } from './web.ts';

let host: Host | null = null;

/** Electron's host when its preload put one there, else the socket of the page's own server. Made on first use. */
export function theHost(): Host {
  host ??= window.hairline ?? new WebHost();
  return host;
}

/** Electron resolves a dropped folder by its path; a browser has to walk through it. */
export function walksFolders(): boolean {
  return window.hairline === undefined;
}
