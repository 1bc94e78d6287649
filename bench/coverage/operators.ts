import { supportedOperators, SURROGATES } from '../../src-main/autodiff/index.ts';
import { decomposedOperators } from '../../src-main/graph/upgrade/index.ts';

/** Operators that no gradient ever flows through, so that none is needed: their results are integers, booleans, constants or steps. */
const WITHOUT_GRADIENT = [
  'And',
  'ArgMax',
  'ArgMin',
  'Constant',
  'ConstantOfShape',
  'Equal',
  'EyeLike',
  'Greater',
  'GreaterOrEqual',
  'Hardmax',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'NonMaxSuppression',
  'NonZero',
  'Not',
  'OneHot',
  'Or',
  'Range',
  'Shape',
  'Size',
  'Xor',
];

/** docs/operators.md, from the tables of rules themselves. */
export function operatorsPage(): string {
  const rules = supportedOperators();
  const apart = decomposedOperators().filter((op) => !rules.includes(op));
  const known = new Map<string, string>();
  for (const op of rules) known.set(op, SURROGATES.includes(op) ? 'surrogate' : 'rule');
  for (const op of apart) known.set(op, 'taken apart');
  for (const op of ['If', 'Loop', 'Scan']) known.set(op, 'written out');
  for (const op of WITHOUT_GRADIENT) known.set(op, 'no gradient');
  const names = [...known.keys()].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1));
  const count = (kind: string) => [...known.values()].filter((k) => k === kind).length;
  return `# Operators with a gradient

Written by \`npm run bench -- coverage --operators\` from the tables of rules; do not edit. A test checks that it is current.
${count('rule')} operators have a rule, ${count('surrogate')} go by a surrogate, ${count('taken apart')} are taken apart into others first.
Operators of other domains than ONNX's own are named with their domain.

- **rule**: the exact adjoint, tested with Jv against central differences (\`tests/autodiff/cases.ts\`).
- **taken apart**: written as plain operators when the model is loaded (\`src-main/graph/upgrade\`), each of which has a rule.
- **surrogate**: the derivative is zero almost everywhere; the gradient goes by a straight-through surrogate (BPDA), and every result
  names it. A quantised operator has the gradient of the float operator it stands for, at dequantised weights and values. Where the zero
  point is at the low end of the range, as quantisers absorb a Relu or Relu6, the gradient stops at both ends; elsewhere it passes.
- **written out**: where the condition, the number of steps or the length is known beforehand; else refused.
- **no gradient**: integers, booleans, constants and steps. A path that only leads through them has no gradient, and is refused by name.

Kinks follow one convention: Relu'(0) = 0, the derivative of |x| at 0 is 0, Clip has none at its bounds, and of equal maxima the first
gets everything. Models in 16 bits are computed and differentiated in 32; those in 64 bits in 64. A model's own functions
are inlined. Any other operator on the way from the pixels to the scores is refused with its name and the node's.

| operator | gradient |
|---|---|
${names.map((op) => `| ${op} | ${known.get(op)!} |`).join('\n')}
`;
}
