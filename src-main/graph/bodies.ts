import type { NodeProto } from 'onnx-buf';
import { bodiesOf, nodesWithin } from './walk.ts';

/** Names that the bodies of If, Loop and Scan read; some come from outside, where their producers must be kept. */
export function outerNames(node: NodeProto): string[] {
  const names: string[] = [];
  for (const inner of nodesWithin([node])) {
    if (inner !== node) for (const input of inner.input) names.push(input);
    for (const attribute of inner.attribute) for (const body of bodiesOf(attribute)) for (const output of body.output) names.push(output.name);
  }
  return names;
}
