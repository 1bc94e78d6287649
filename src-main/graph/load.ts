import { fromBinary } from '@bufbuild/protobuf';
import { basename, resolve } from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import type { ModelProto, NodeProto, TensorProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { readsOf } from './bodies.ts';
import { constantTensor } from './constants.ts';
import { inlineFunctions } from './functions.ts';
import type { Graph } from './ir.ts';
import { readOutline } from './outline.ts';
import { producersOf } from './walk.ts';
import { demandWeights } from './weights.ts';

/**
 * Reads an .onnx file, but for its weights: those stay in the file, and their tensors say where (see `readOutline`).
 * @throws UserError in one sentence when the file is missing, no ONNX model, or damaged.
 */
export function loadGraph(path: string): Graph {
  const file = basename(path);
  try {
    return parseGraph(readOutline(path, file), resolve(path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    // What is no protobuf message ends in a RangeError or in the decoder's own error; the file system's have a code.
    if (error instanceof Error && !('code' in error)) throw broken(file);
    throw new UserError(`${path} cannot be read: check that the file is there and may be opened.`);
  }
}

const broken = (file: string) => new UserError(`${file} is no ONNX model, or was cut short: export or copy it again.`);

/** A graph from its message; `path` is the file that external data is relative to, empty when there is none. */
export function parseGraph(bytes: Uint8Array, path = ''): Graph {
  const file = path ? basename(path) : 'The model';
  if (bytes.length === 0) throw new UserError(`${file} is empty: it is no ONNX model.`);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    if (error instanceof Error && error.message.includes('recursion depth'))
      throw new UserError(
        `${file} nests its bodies deeper than onnxruntime reads them: export it without so many loops inside each other.`,
      );
    throw broken(file);
  }
  demandWeights(model, path);
  const proto = model.graph;
  if (!proto || proto.output.length === 0) throw new UserError(`${file} is no ONNX model: it holds no graph.`);
  if (model.opsetImport.length === 0)
    throw new UserError(`${file} names no operator set version (opset_import), so its operators cannot be understood: export it again.`);
  const initializers = new Map<string, TensorProto>(proto.initializer.map((t) => [t.name, t]));
  const nodes: NodeProto[] = [];
  for (const node of inlineFunctions(model, proto.node, file)) {
    const constant = constantTensor(node);
    if (constant) initializers.set(constant.name, constant);
    else nodes.push(node);
  }
  const inputs = proto.input.filter((v) => !initializers.has(v.name));
  return { model, inputs, outputs: proto.output, nodes: sortNodes(nodes, file), initializers, path };
}

/** ONNX asks for topological order, but some writers ignore it; everything after this relies on it. */
function sortNodes(nodes: NodeProto[], file: string): NodeProto[] {
  const producer = producersOf(nodes);
  const state = new Map<NodeProto, 'open' | 'done'>();
  const sorted: NodeProto[] = [];
  for (const root of nodes) {
    const stack = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      if (state.get(node) === 'done') {
        stack.pop();
        continue;
      }
      const waiting = needs(node, producer).filter((n) => state.get(n) !== 'done');
      if (waiting.length === 0) {
        state.set(node, 'done');
        sorted.push(node);
        stack.pop();
      } else if (state.get(node) === 'open' && waiting.some((n) => state.get(n) === 'open')) {
        throw new UserError(`${file} is damaged: its nodes form a circle at ${node.name || node.opType}.`);
      } else {
        state.set(node, 'open');
        for (const other of waiting) stack.push(other);
      }
    }
  }
  return sorted;
}

function needs(node: NodeProto, producer: Map<string, NodeProto>): NodeProto[] {
  const found = new Set<NodeProto>();
  for (const name of readsOf(node)) {
    const p = producer.get(name);
    if (p) found.add(p);
  }
  return [...found];
}
