import { fileURLToPath } from 'node:url';
import { engineOptions } from './options.ts';
import { parentEnd } from './parent.ts';
import { EngineService } from './service.ts';
import { serveWire } from './wire.ts';

/** Entry of the engine process. */
const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
serveWire(parentEnd(), new EngineService(engineOptions(process.argv), worker));
