import { clearField, create, toBinary } from '@bufbuild/protobuf';
import { basename, dirname } from 'node:path';
import { GraphProtoSchema, ModelProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import type { Graph } from './ir.ts';
import { elementBytes, elementCount, tensorData, tensorDims } from './tensors.ts';

/** Smaller tensors are written inline: onnxruntime reads them without opening the file, and needs them while it infers shapes. */
const INLINE_BYTES = 1024;
const MIN_IR = 8n;

/** A graph ready for onnxruntime: the model message, and the folder that its external data is relative to (empty: none). */
export interface SavedGraph {
  bytes: Uint8Array;
  dataFolder: string;
}

/**
 * Encodes a graph. Weights that lie in the file the graph came from are not copied: the message
 * points into that file by external data (location, offset, length).
 */
export function saveGraph(graph: Graph): SavedGraph {
  // Own properties are copied as they are, so fields this version of the schema does not know survive.
  const proto = Object.assign(create(GraphProtoSchema), graph.model.graph, {
    name: graph.model.graph?.name || 'graph',
    node: graph.nodes,
    input: graph.inputs,
    output: graph.outputs,
    initializer: [...graph.initializers.values()].map((t) => referTensor(t, graph)),
    // Shapes as declared for the file; a derived graph has its own, and onnxruntime infers them.
    valueInfo: [],
  });
  // Before version 4 an initializer had to be an input as well, which would make it changeable; 8 goes with opset 18.
  const irVersion = graph.model.irVersion > MIN_IR ? graph.model.irVersion : MIN_IR;
  const model = Object.assign(create(ModelProtoSchema), graph.model, { graph: proto, irVersion });
  return { bytes: toBinary(ModelProtoSchema, model), dataFolder: graph.path ? dirname(graph.path) : '' };
}

/** The tensor itself when small, else a message without content that points at its bytes in the original file. */
function referTensor(tensor: TensorProto, graph: Graph): TensorProto {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) return tensor;
  const bytes = elementCount(tensorDims(tensor)) * elementBytes(tensor.dataType);
  if (tensor.rawData.length === 0 && bytes > 0 && elementBytes(tensor.dataType) > 0 && tensor.stringData.length === 0) return inline(tensor);
  if (bytes < INLINE_BYTES || !graph.path || tensor.rawData.buffer !== graph.bytes.buffer) return tensor;
  const refer = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });
  const outside = Object.assign(create(TensorProtoSchema), tensor, {
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      refer('location', basename(graph.path)),
      refer('offset', String(tensor.rawData.byteOffset - graph.bytes.byteOffset)),
      refer('length', String(tensor.rawData.length)),
    ],
  });
  clearField(outside, TensorProtoSchema.field.rawData);
  return outside;
}

/** float_data and its siblings encode slowly: raw bytes instead. */
function inline(tensor: TensorProto): TensorProto {
  const rawData = new Uint8Array(tensorData(tensor).buffer);
  return Object.assign(create(TensorProtoSchema), tensor, { rawData, floatData: [], int32Data: [], int64Data: [], doubleData: [], uint64Data: [] });
}
