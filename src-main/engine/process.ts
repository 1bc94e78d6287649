import { fileURLToPath } from 'node:url';
import { engineOptions } from './options.ts';
import { parentEnd } from './parent.ts';
import { EngineService } from './service.ts';
import { serveWire } from './wire.ts';

/** Entry of the engine process. */
// Tensor cores round to 10 bits unless told not to; an audit's numbers must be those of float32.
process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
serveWire(parentEnd(), new EngineService(engineOptions(process.argv), worker));
