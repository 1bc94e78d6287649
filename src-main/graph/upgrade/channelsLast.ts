import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import { int } from '../attributes.ts';
import type { Lift, Lifter, Lifters } from './lift.ts';

/** onnxruntime's operators on images with the channels last: the same with the channels second, between two transposes. */
function channelsSecond(lift: Lift, op: string, domain: string): void {
  const { builder, node } = lift;
  const rank = lift.dims(lift.x(0)).length;
  const space = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const x = lift.emit('Transpose', [lift.x(0)], { perm: [0, rank - 1, ...space] });
  const inner = clone(NodeProtoSchema, node);
  const y = builder.fresh('channels');
  Object.assign(inner, { name: `hl/${y}`, opType: op, domain, input: [x, ...node.input.slice(1)], output: [y] });
  inner.attribute = inner.attribute.filter((a) => a.name !== 'channels_last');
  builder.append(inner);
  lift.finish('Transpose', [y], { perm: [0, ...space.map((i) => i + 1), 1] });
}

const whereMarked = (op: string, domain = 'com.microsoft'): Lifter => ({
  since: Infinity,
  lift: (lift) =>
    int(lift.node, 'channels_last', 0) ? channelsSecond(lift, op, domain) : domain === '' ? channelsPlain(lift, op) : lift.keep(),
});

/** onnxruntime's twin of an ONNX operator, with the channels second: the ONNX operator itself. */
function channelsPlain(lift: Lift, op: string): void {
  const copy = clone(NodeProtoSchema, lift.node);
  Object.assign(copy, { opType: op, domain: '' });
  copy.attribute = copy.attribute.filter((a) => a.name !== 'channels_last');
  lift.builder.append(copy);
}

export const channelsLast: Lifters = {
  'com.microsoft:QLinearConv': whereMarked('QLinearConv', ''),
  'com.microsoft:QLinearAveragePool': whereMarked('QLinearAveragePool'),
  'com.microsoft:QLinearGlobalAveragePool': whereMarked('QLinearGlobalAveragePool'),
  'com.microsoft:NhwcMaxPool': { since: Infinity, lift: (lift) => channelsSecond(lift, 'MaxPool', '') },
};
