export { differentiate } from './differentiate.ts';
export type { Differentiated, Request } from './differentiate.ts';
export { tangent } from './products.ts';
export type { Tangent, TangentRequest } from './products.ts';
export { collect, supportedOperators } from './registry.ts';
export { SURROGATES } from './rules/surrogate.ts';
export { RuleContext } from './rule.ts';
export type { Rule, Rules } from './rule.ts';
