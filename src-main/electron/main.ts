import { join } from 'node:path';
import { app } from 'electron';
import { EngineClient } from '../engine/client.ts';
import { engineArguments } from '../engine/options.ts';
import { runApp } from './app.ts';
import { utilityFork } from './engine.ts';
import { registerScheme } from './protocol.ts';
import { secureApp } from './security.ts';

// Electron holds `ready` back until this module has run, so all of this comes in time.
registerScheme();
secureApp(app);

const out = join(import.meta.dirname, '..');
// The engine, its threads and its native libraries need real files; the packaged ones lie beside the asar.
const real = app.isPackaged ? join(process.resourcesPath, 'app.asar.unpacked') : join(out, '..');

runApp({
  makeService: () => {
    const options = { host: 'electron', audits: join(app.getPath('documents'), 'Hairline'), assets: join(real, 'assets') } as const;
    return new EngineClient(utilityFork(join(real, 'out', 'main', 'engine.js'), engineArguments(options)));
  },
  preload: join(out, 'preload', 'preload.cjs'),
  renderer: join(out, 'renderer'),
});
