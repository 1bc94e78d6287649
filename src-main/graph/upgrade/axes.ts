import { hasAttribute, ints } from '../attributes.ts';
import type { Lifter, Lifters } from './lift.ts';

/** `axes` moved from an attribute to the second input (opset 13 or 18, by operator). */
const axesInput = (since: number): Lifter => ({
  since,
  lift(lift) {
    if (!hasAttribute(lift.node, 'axes')) return lift.keep();
    lift.rewrite({ inputs: [lift.x(0), lift.builder.ints(ints(lift.node, 'axes', []))], drop: ['axes'] });
  },
});

const reductions = [
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSumSquare',
];

export const axes: Lifters = {
  Squeeze: axesInput(13),
  Unsqueeze: axesInput(13),
  ReduceSum: axesInput(13),
  ...Object.fromEntries(reductions.map((op) => [op, axesInput(18)])),
};
