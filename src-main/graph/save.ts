import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { basename } from 'node:path';
import { GraphProtoSchema, ModelProtoSchema, TensorProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import type { Graph } from './ir.ts';
import { readOutline } from './outline.ts';
import { poolsPadding } from './padding.ts';
import { isLarge } from './size.ts';
import { elementBytes, elementsOf, tensorData } from './tensors.ts';
import { placed, placeOf } from './weights.ts';

const MIN_IR = 8n;

/** A graph ready for onnxruntime: the model message, and the folder that its external data is relative to (empty: none). */
export interface SavedGraph {
  bytes: Uint8Array;
  dataFolder: string;
  /** See `isLarge`. */
  large?: boolean;
  /** See `poolsPadding`. */
  padded?: boolean;
}

/**
 * Encodes a graph. Weights are not copied: the message points into the file that the graph came from, by external data
 * (location, offset, length), as `loadGraph` left them.
 */
export function saveGraph(graph: Graph): SavedGraph {
  const place = placeOf(graph.initializers.values(), graph.path);
  // Own properties are copied as they are, so fields this version of the schema does not know survive.
  const proto = Object.assign(create(GraphProtoSchema), graph.model.graph, {
    name: graph.model.graph?.name || 'graph',
    node: graph.nodes,
    input: graph.inputs,
    output: graph.outputs,
    initializer: [...graph.initializers.values()].map((tensor) => placed(quick(tensor), place)),
    // Shapes as declared for the file; a derived graph has its own, and onnxruntime infers them.
    valueInfo: [],
  });
  // Before version 4 an initializer had to be an input as well, which would make it changeable; 8 goes with opset 18.
  const irVersion = graph.model.irVersion > MIN_IR ? graph.model.irVersion : MIN_IR;
  const model = Object.assign(create(ModelProtoSchema), graph.model, { graph: proto, irVersion });
  return { bytes: toBinary(ModelProtoSchema, model), dataFolder: place.dataFolder, large: isLarge(graph), padded: poolsPadding(graph) };
}

/**
 * The message of the file that a graph came from, as it is, but for its weights, which it points to; null where onnxruntime
 * can open the file itself without holding its weights twice.
 */
export function saveOriginal(graph: Graph): SavedGraph | null {
  const place = placeOf(graph.initializers.values(), graph.path);
  if (place.names.size === 0 && !isLarge(graph)) return null;
  const bytes = readOutline(graph.path, basename(graph.path));
  if (place.names.size === 0) return { bytes, dataFolder: place.dataFolder, large: true };
  const model = fromBinary(ModelProtoSchema, bytes);
  model.graph!.initializer = model.graph!.initializer.map((tensor) => placed(tensor, place));
  return { bytes: toBinary(ModelProtoSchema, model), dataFolder: place.dataFolder, large: isLarge(graph) };
}

/** float_data and its siblings encode slowly: raw bytes instead. */
function quick(tensor: TensorProto): TensorProto {
  const written = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.rawData.length > 0;
  const bytes = elementsOf(tensor) * elementBytes(tensor.dataType);
  if (written || bytes === 0) return tensor;
  const rawData = new Uint8Array(tensorData(tensor).buffer);
  return Object.assign(create(TensorProtoSchema), tensor, {
    rawData,
    floatData: [],
    int32Data: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
  });
}
