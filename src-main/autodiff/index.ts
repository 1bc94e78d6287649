export { differentiate } from './differentiate.ts';
export type { Differentiated, Request } from './differentiate.ts';
export { tangent } from './products.ts';
export type { Tangent, TangentRequest } from './products.ts';
export { collect, supportedOperators } from './registry.ts';
export { STRAIGHT_THROUGH as SURROGATES } from './rules/straight-through.ts';
export { RuleContext } from './rule.ts';
export type { Rule, Rules } from './rule.ts';
