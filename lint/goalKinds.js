import { rootOf, shownPath } from './imports.js';

/** Where a goal's kind may be asked for. */
const HOME = 'src-main/goals';
/** Functions that tell whether a list or a set holds a value. */
const HOLDS = new Set(['includes', 'indexOf', 'has', 'get', 'startsWith']);
const COMPARISONS = new Set(['===', '!==', '==', '!=']);

/** The last name of an expression: `goal` of `plan.threats[0]!.goal`, `goal.value` and `theGoal()`. @returns {string} */
function nameOf(/** @type {any} */ node) {
  if (node?.type === 'Identifier') return node.name;
  if (node?.type === 'CallExpression') return nameOf(node.callee);
  if (['TSNonNullExpression', 'TSAsExpression', 'ChainExpression', 'AwaitExpression'].includes(node?.type))
    return nameOf(node.expression ?? node.argument);
  if (node?.type !== 'MemberExpression') return '';
  // What a ref holds is called as the ref is.
  return node.computed || ['value', 'at'].includes(node.property.name) ? nameOf(node.object) : node.property.name;
}

const isGoal = (/** @type {any} */ node) => /goals?(Of|For|Now)?$/i.test(nameOf(node));
const isKindName = (/** @type {string} */ name) => /goalKind$/i.test(name);

/**
 * A comparison with a goal's kind, or a switch or a table over it, outside the goals: what a goal does differently is a
 * method of the goal, so that another goal is another file and nothing else. Read from names, without types: the `kind` of what is called
 * a goal, by whatever way it is reached, and any comparison of something with the name of a goal that `kinds` lists.
 * @type {import('eslint').Rule.RuleModule}
 */
export const goalKinds = {
  meta: {
    type: 'problem',
    docs: { description: "only the goals themselves ask for a goal's kind" },
    schema: [{ type: 'object', properties: { kinds: { type: 'array', items: { type: 'string' } } }, additionalProperties: false }],
    defaultOptions: [{ kinds: [] }],
    messages: { kind: `Only ${HOME} tells goals apart by their kind: ask the goal for what you need to know, and let each goal answer.` },
  },
  create(context) {
    const root = rootOf(context.filename);
    if (shownPath(root, context.filename).startsWith(`${HOME}/`)) return {};
    const kinds = new Set(/** @type {{ kinds: string[] }} */ (context.options[0]).kinds);

    /** Whether a name was taken out of a goal: `const { kind } = plan.goal`, `({ goal: { kind } }) => …`. */
    const isTakenOut = (/** @type {any} */ identifier) => {
      /** @type {import('eslint').Scope.Scope | null} */
      let scope = context.sourceCode.getScope(identifier);
      while (scope && !scope.set.has(identifier.name)) scope = scope.upper;
      return (scope?.set.get(identifier.name)?.defs ?? []).some(({ name }) => {
        /** @type {any} */
        const property = /** @type {any} */ (name).parent;
        if (property?.type !== 'Property' || property.key.name !== 'kind') return false;
        const { parent } = property.parent;
        if (parent.type === 'VariableDeclarator') return isGoal(parent.init);
        return parent.type === 'Property' && isGoal(parent.key);
      });
    };
    const isKind = (/** @type {any} */ node) => {
      if (node?.type === 'ChainExpression' || node?.type === 'TSNonNullExpression') return isKind(node.expression);
      if (node?.type === 'MemberExpression' && !node.computed && node.property.name === 'kind') return isGoal(node.object);
      return isKindName(nameOf(node)) || (node?.type === 'Identifier' && isTakenOut(node));
    };
    const isNamed = (/** @type {any} */ node) => node?.type === 'Literal' && kinds.has(node.value);
    const report = (/** @type {any} */ node) => context.report({ node, messageId: 'kind' });

    return {
      BinaryExpression(node) {
        if (COMPARISONS.has(node.operator) && [node.left, node.right].some((side) => isKind(side) || isNamed(side))) report(node);
      },
      SwitchStatement(node) {
        if (isKind(node.discriminant) || node.cases.some(({ test }) => isNamed(test))) report(node.discriminant);
      },
      MemberExpression(node) {
        if (node.computed && isKind(node.property)) report(node);
      },
      CallExpression(/** @type {any} */ node) {
        const { callee } = node;
        if (callee.type !== 'MemberExpression' || callee.computed || !HOLDS.has(callee.property.name)) return;
        const listed = callee.object.type === 'ArrayExpression' && callee.object.elements.some(isNamed);
        if (listed || isKind(callee.object) || node.arguments.some(isKind)) report(node);
      },
    };
  },
};
