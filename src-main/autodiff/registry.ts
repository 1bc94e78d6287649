import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { nodeLabel, operatorName } from '../graph/index.ts';
import type { Rule, Rules } from './rule.ts';
import { families } from './rules/index.ts';

/**
 * One table out of the operator families.
 * @throws Error when two families claim the same operator: which rule counts must never depend on their order.
 */
export function collect(parts: readonly Rules[]): Map<string, Rule> {
  const table = new Map<string, Rule>();
  for (const part of parts)
    for (const [name, rule] of Object.entries(part)) {
      if (table.has(name)) throw new Error(`two gradient rules for ${name}`);
      table.set(name, rule);
    }
  return table;
}

const rules = collect(families);

/** @throws UserError when there is no rule for the node's operator. */
export function ruleFor(node: NodeProto): Rule {
  const rule = rules.get(operatorName(node));
  if (!rule)
    throw new UserError(
      `No gradient rule for ${operatorName(node)} at node ${nodeLabel(node)}: the model cannot be attacked with gradients.`,
    );
  return rule;
}

/** Operators that have a rule, in alphabetical order; those of other domains as `domain:Operator`. */
export function supportedOperators(): string[] {
  return [...rules.keys()].sort();
}
