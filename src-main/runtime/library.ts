import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import { NO_TELEMETRY } from './telemetry.ts';

/**
 * onnxruntime, only where its collector is off. Not an `import`: those are carried out before any code of this file.
 * @throws Error in a process that was started without the variable.
 */
export function loadLibrary(env: NodeJS.ProcessEnv = process.env): typeof Ort {
  for (const [name, value] of Object.entries(NO_TELEMETRY))
    if (env[name] !== value)
      throw new Error(
        `onnxruntime is not loaded without ${name}=${value} in the environment, since it would collect and send data: start Hairline by its own commands.`,
      );
  return createRequire(import.meta.url)('onnxruntime-node') as typeof Ort;
}
