import { resolve } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';
import { drawnBy } from './scripts/drawn-by.mjs';

const at = (path: string): string => resolve(import.meta.dirname, path);

const BUNDLED = ['echarts', 'zrender', 'zod', 'onnx-buf', '@bufbuild/protobuf'];

export default defineConfig({
  // The command line and the engine also run in plain Node, so the oldest one we support sets the target.
  // Packages under `dependencies` stay outside the bundle: the native ones must, and the rest need no second copy.
  // Not those of many small modules: finding and reading hundreds of files is most of what a process takes to start.
  main: {
    define: drawnBy(import.meta.dirname),
    build: {
      target: 'node20',
      externalizeDeps: { exclude: BUNDLED },
      outDir: at('out/main'),
      sourcemap: true,
      rolldownOptions: {
        input: {
          electron: at('src-main/electron/main.ts'),
          engine: at('src-main/engine/process.ts'),
          worker: at('src-main/workers/worker.ts'),
          child: at('src-main/workers/child.ts'),
          cli: at('src-main/cli/main.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  // A sandboxed preload is one CommonJS file and can require nothing but electron, hence everything else goes in.
  preload: {
    build: {
      outDir: at('out/preload'),
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: at('src-main/electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    // Relative, because Electron serves the window from its own scheme and the browser host from its own address.
    base: './',
    plugins: [vue(), tailwindcss()],
    build: {
      outDir: at('out/renderer'),
      emptyOutDir: true,
      minify: true,
      // The content policy forbids data: fonts, and a picture in the code helps nobody on a local disk.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: { index: at('src-renderer/index.html') } },
    },
  },
});
