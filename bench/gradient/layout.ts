import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { loadGraph } from '../../src-main/graph/index.ts';
import type { SavedGraph } from '../../src-main/graph/index.ts';

const BLOCKED = 'com.microsoft.nchwc';
/** Operators that run on blocked data as they are; onnxruntime does not rename them. */
const EITHER = new Set([
  'Add',
  'Sum',
  'Mul',
  'Relu',
  'LeakyRelu',
  'Sigmoid',
  'HardSigmoid',
  'Tanh',
  'Clip',
  'Sub',
  'Div',
  'Gelu',
  'QuickGelu',
  'HardSwish',
]);

/** Names of the nodes that onnxruntime runs in the blocked layout of its convolutions, read from its own optimized graph. */
export async function blockedNodes({ bytes, dataFolder }: SavedGraph): Promise<Set<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-layout-'));
  try {
    const optimizedModelFilePath = join(folder, 'optimized.onnx');
    const extra = { session: dataFolder ? { model_external_initializers_file_folder_path: dataFolder } : {} };
    const session = await ort.InferenceSession.create(bytes, {
      optimizedModelFilePath,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      extra,
    });
    await session.release();
    const values = new Set<string>();
    const nodes = new Set<string>();
    for (const node of loadGraph(optimizedModelFilePath).nodes) {
      const inside = node.domain === BLOCKED || (EITHER.has(node.opType) && node.input.some((name) => values.has(name)));
      if (!inside) continue;
      nodes.add(node.name);
      if (node.opType !== 'ReorderOutput') for (const output of node.output) values.add(output);
    }
    return nodes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
