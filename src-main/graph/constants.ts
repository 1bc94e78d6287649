import { create } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as Kind, TensorProtoSchema } from 'onnx-buf';
import type { AttributeProto, NodeProto, TensorProto } from 'onnx-buf';
import { DType } from './ir.ts';
import { makeTensor } from './tensors.ts';

/** A Constant node is an initializer written differently; as one, its bytes are shared like any weight. Null for any other node. */
export function constantTensor(node: NodeProto): TensorProto | null {
  if (node.opType !== 'Constant' || (node.domain !== '' && node.domain !== 'ai.onnx')) return null;
  const name = node.output[0];
  const value = node.attribute.find((a) => a.name.startsWith('value'));
  if (!name || !value) return null;
  if (value.t) return Object.assign(create(TensorProtoSchema), value.t, { name });
  return scalarConstant(name, value);
}

function scalarConstant(name: string, value: AttributeProto): TensorProto | null {
  switch (value.type) {
    case Kind.FLOAT:
      return makeTensor(name, DType.float32, [], [value.f]);
    case Kind.FLOATS:
      return makeTensor(name, DType.float32, [value.floats.length], value.floats);
    case Kind.INT:
      return makeTensor(name, DType.int64, [], BigInt64Array.of(value.i));
    case Kind.INTS:
      return makeTensor(name, DType.int64, [value.ints.length], BigInt64Array.from(value.ints));
    default:
      return null; // strings and sparse tensors stay nodes; no float path runs through them
  }
}
