import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { GraphProto, NodeProto } from 'onnx-buf';
import { bodiesOf } from './walk.ts';

/** A copy of a node with the values it reads and writes under other names; in its bodies, those that come from outside. */
export function renamed(node: NodeProto, name: (old: string) => string): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  rename(copy, name);
  return copy;
}

function rename(node: NodeProto, name: (old: string) => string): void {
  node.input = node.input.map((v) => (v === '' ? '' : name(v)));
  node.output = node.output.map((v) => (v === '' ? '' : name(v)));
  for (const a of node.attribute) for (const body of bodiesOf(a)) renameOuter(body, name);
}

/** A body's own values keep their names and hide those outside. */
function renameOuter(body: GraphProto, name: (old: string) => string): void {
  const own = new Set([...body.input.map((v) => v.name), ...body.initializer.map((t) => t.name), ...body.node.flatMap((n) => n.output)]);
  const outer = (old: string) => (own.has(old) ? old : name(old));
  for (const node of body.node) rename(node, outer);
  for (const output of body.output) output.name = outer(output.name);
}
