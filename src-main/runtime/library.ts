import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';

/**
 * onnxruntime's builds for Linux and macOS hold a collector, on by default: as soon as the library is loaded it reads the
 * machine's id, writes a device id and a database into the user's cache, and looks for a server to post model names, class
 * names and run times to. This variable switches all of it off. Native code reads the environment that the process was
 * started with or that its main thread has set, so whatever starts a process sets it: the command line, the hosts for their
 * engines, tests and benchmarks.
 */
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;

/**
 * onnxruntime, only where its collector is off. Not an `import`: those are carried out before any code of this file.
 * @throws Error in a process that was started without the variable.
 */
export function loadLibrary(env: NodeJS.ProcessEnv = process.env): typeof Ort {
  for (const [name, value] of Object.entries(NO_TELEMETRY))
    if (env[name] !== value) throw new Error(`onnxruntime is not loaded without ${name}=${value} in the environment, since it would collect and send data: start Hairline by its own commands.`);
  return createRequire(import.meta.url)('onnxruntime-node') as typeof Ort;
}
