import { join } from 'node:path';
import { app } from 'electron';
import { EngineClient } from '../engine/client.ts';
import { engineArguments } from '../engine/options.ts';
import { spawnEngine } from '../engine/spawn.ts';
import { runApp } from './app.ts';
import { placeOf } from './place.ts';
import { registerScheme } from './protocol.ts';
import { secureApp } from './security.ts';

// Electron holds `ready` back until this module has run, so all of this comes in time.
registerScheme();
secureApp(app);

const out = join(import.meta.dirname, '..');

runApp({
  makeService: async () => {
    const { node, entry, assets } = await placeOf(app, join(out, '..'));
    const options = { host: 'electron', audits: join(app.getPath('documents'), 'Hairline'), assets } as const;
    return new EngineClient(spawnEngine(node, entry, engineArguments(options)));
  },
  preload: join(out, 'preload', 'preload.cjs'),
  renderer: join(out, 'renderer'),
});
