import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);

/** Keeps the entries whose file is there, so that one part can be built without the others. */
function entries(table: Record<string, string>): Record<string, string> | null {
  const found = Object.entries(table).filter(([, file]) => existsSync(at(file)));
  return found.length === 0 ? null : Object.fromEntries(found.map(([name, file]) => [name, at(file)]));
}

const main = entries({
  electron: 'src-main/electron/main.ts',
  engine: 'src-main/engine/process.ts',
  worker: 'src-main/engine/worker.ts',
  cli: 'src-main/cli/main.ts',
});
const preload = entries({ preload: 'src-main/electron/preload.ts' });
const renderer = entries({ index: 'src-renderer/index.html' });

export default defineConfig({
  // The command line and the engine also run in plain Node, so the oldest one we support sets the target.
  // Packages under `dependencies` stay outside the bundle: the native ones must, and the rest need no second copy.
  ...(main && {
    main: {
      build: {
        target: 'node20',
        outDir: at('out/main'),
        sourcemap: true,
        rolldownOptions: {
          input: main,
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
  }),
  // A sandboxed preload is one CommonJS file and can require nothing but electron, hence everything else goes in.
  ...(preload && {
    preload: {
      build: {
        outDir: at('out/preload'),
        externalizeDeps: false,
        rolldownOptions: {
          input: preload,
          output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
        },
      },
    },
  }),
  ...(renderer && {
    renderer: {
      root: at('src-renderer'),
      // Relative, because Electron serves the window from its own scheme and the browser host from a token path.
      base: './',
      plugins: [vue(), tailwindcss()],
      build: {
        outDir: at('out/renderer'),
        emptyOutDir: true,
        minify: true,
        // The content policy forbids data: fonts, and a picture in the code helps nobody on a local disk.
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 2000,
        rolldownOptions: { input: renderer },
      },
    },
  }),
});
