import type { NodeProto } from 'onnx-buf';

/** Names that the bodies of If, Loop and Scan read; some come from outside, where their producers must be kept. */
export function outerNames(node: NodeProto): string[] {
  const names: string[] = [];
  for (const a of node.attribute)
    for (const body of a.g ? [a.g, ...a.graphs] : a.graphs) {
      for (const output of body.output) names.push(output.name);
      for (const inner of body.node) names.push(...inner.input, ...outerNames(inner));
    }
  return names;
}
