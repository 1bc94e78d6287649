import { z } from 'zod';

/** What the engine process must be told by the host that starts it, as its one argument. */
export const EngineOptions = z.strictObject({
  host: z.enum(['electron', 'browser', 'test']),
  /** Folder that keeps the audits; made when needed. */
  audits: z.string(),
  /** Folder of the bundled assets. */
  assets: z.string(),
  /** Folder of the program's own data; absent: the usual one of the system. */
  data: z.string().optional(),
});
export type EngineOptions = z.infer<typeof EngineOptions>;

/** The arguments to fork the engine with. */
export function engineArguments(options: EngineOptions): string[] {
  return [JSON.stringify(options)];
}

/**
 * The same, read in the engine.
 * @param argv `process.argv`, whose third entry is the argument.
 * @throws Error when there is none or it is not understood: the engine is not started by hand.
 */
export function engineOptions(argv: readonly string[]): EngineOptions {
  return EngineOptions.parse(JSON.parse(argv[2] ?? 'null'));
}
