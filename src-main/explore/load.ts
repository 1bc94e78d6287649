import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { isLarge, loadGraph, weightNames } from '../graph/index.ts';
import { traceModel } from './inspect.ts';
import type { Wanted } from './inspect.ts';

/** Bytes that a model takes on the disk, weights beside it included; a file with holes takes less than it is long. */
export function weighModel(path: string): { bytes: number } {
  const files = [path, ...weightNames(loadGraph(path)).map((name) => join(dirname(path), name))];
  let bytes = 0;
  for (const file of files) {
    const stats = statSync(file, { throwIfNoEntry: false });
    // Windows counts no blocks.
    if (stats?.isFile()) bytes += Math.min(stats.size, stats.blocks > 0 ? 512 * stats.blocks : Infinity);
  }
  return { bytes };
}

/**
 * Reads a model and lets onnxruntime tell the shapes of its values, before anything long is done with it.
 * @returns whether it has so many weights that one worker is enough for it, and how many bytes they are
 * @throws UserError for what is no model; what does not fit its input is told when it is really used.
 */
export async function loadModel({ model, ...wanted }: { model: string } & Wanted): Promise<{ large: boolean; bytes: number }> {
  const graph = loadGraph(model);
  try {
    await traceModel(graph, wanted);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return { large: isLarge(graph), ...weighModel(model) };
}
