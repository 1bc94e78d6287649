/// <reference types="vite/client" />
import type { Host } from '../shared/contract.ts';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    hairline?: Host;
  }
}
