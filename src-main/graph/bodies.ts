import type { GraphProto, NodeProto } from 'onnx-buf';
import { bodiesOf } from './walk.ts';

/** Names that the bodies of an If, Loop or Scan read from outside: the node's inputs as much as those it lists. */
export function outerNames(node: NodeProto): string[] {
  return node.attribute.flatMap((a) => bodiesOf(a).flatMap(outerOf));
}

/** Every value that a node reads, itself or in its bodies. */
export function readsOf(node: NodeProto): string[] {
  return [...node.input, ...outerNames(node)];
}

/** A body's own values hide those outside. */
function outerOf(body: GraphProto): string[] {
  const own = new Set([...body.input.map((v) => v.name), ...body.initializer.map((t) => t.name), ...body.node.flatMap((n) => n.output)]);
  return [...body.node.flatMap(readsOf), ...body.output.map((v) => v.name)].filter((name) => !own.has(name));
}
