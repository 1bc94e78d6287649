/// <reference types="vite/client" />
import type { WindowHost } from './host/index.ts';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    hairline?: WindowHost;
  }
}
