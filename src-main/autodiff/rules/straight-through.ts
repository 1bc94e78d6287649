import type { Rule, Rules } from '../rule.ts';
import { QUANTISING } from './quantised.ts';

/**
 * Operators whose derivative is zero almost everywhere: the gradient is passed straight through (Bengio et al. 2013;
 * as an attack, BPDA of Athalye et al. 2018). They are declared by name in the results.
 */
const straight: Rule = (ctx) => {
  ctx.straightThrough.add(ctx.node.opType);
  return [ctx.dy];
};

export const straightThrough: Rules = { Round: straight, Floor: straight, Ceil: straight, Sign: straight };

/** Every operator that is passed by a surrogate. DequantizeLinear is linear and needs none. */
export const STRAIGHT_THROUGH: readonly string[] = [...Object.keys(straightThrough), ...QUANTISING]
  .filter((op) => op !== 'DequantizeLinear')
  .sort();
