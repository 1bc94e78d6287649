import { asFloat, float, floats, int, string } from '../attributes.ts';
import type { AttributeValue } from '../attributes.ts';
import type { Lift, Lifter, Lifters } from './lift.ts';

/** Operators that onnxruntime's own optimiser writes into a saved model: as what they were made of. */
const fusedInto = (lift: (lift: Lift) => void): Lifter => ({ since: Infinity, lift });

const times = (lift: Lift, value: string, by: number) => lift.emit('Mul', [value, lift.scalar(by, lift.x(0))]);

/** Writes the node's own output: an activation as FusedConv and FusedGemm name it, or nothing. */
function activate(lift: Lift, value: string, parameters: number[]): void {
  const name = string(lift.node, 'activation', '');
  const [a, b] = [parameters[0] ?? 0, parameters[1] ?? 0];
  const bound = (v: number | undefined) => (v === undefined ? '' : lift.scalar(v, lift.x(0)));
  if (name === '') return lift.finish('Identity', [value]);
  if (name === 'Clip') return lift.finish('Clip', [value, bound(parameters[0]), bound(parameters[1])]);
  if (name === 'QuickGelu') return lift.finish('Mul', [value, lift.emit('Sigmoid', [times(lift, value, parameters[0] ?? 1.702)])]);
  const attributes: Record<string, AttributeValue> =
    name === 'LeakyRelu' ? { alpha: asFloat(a) } : name === 'HardSigmoid' ? { alpha: asFloat(a), beta: asFloat(b) } : {};
  if (!['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'HardSigmoid'].includes(name)) lift.refuse(`its activation ${name} is not known`);
  lift.finish(name, [value], attributes);
}

/** The node's attributes without those that came with the fusion. */
function without(lift: Lift, ...gone: string[]): Record<string, AttributeValue> {
  const kept: Record<string, AttributeValue> = {};
  for (const a of lift.node.attribute) {
    if (gone.includes(a.name)) continue;
    kept[a.name] =
      a.type === 1 ? asFloat(a.f) : a.type === 7 ? a.ints.map(Number) : a.type === 3 ? new TextDecoder().decode(a.s) : Number(a.i);
  }
  return kept;
}

function matMul(lift: Lift): void {
  const { node } = lift;
  if (int(node, 'transBatchA', 0) || int(node, 'transBatchB', 0)) lift.refuse('it moves its batch axes');
  const operand = (i: number, flag: string) => {
    const rank = lift.dims(lift.x(i)).length;
    if (!int(node, flag, 0) || rank < 2) return lift.x(i);
    return lift.emit('Transpose', [lift.x(i)], { perm: Array.from({ length: rank }, (_, k) => (k < rank - 2 ? k : 2 * rank - 3 - k)) });
  };
  const product = lift.emit('MatMul', [operand(0, 'transA'), operand(1, 'transB')]);
  lift.finish('Mul', [product, lift.scalar(float(node, 'alpha', 1), lift.x(0))]);
}

/** The tanh form of Gelu: x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
function tanhGelu(lift: Lift, x: string): void {
  const cubic = times(lift, lift.emit('Mul', [x, lift.emit('Mul', [x, x])]), 0.044715);
  const tanh = lift.emit('Tanh', [times(lift, lift.emit('Add', [x, cubic]), Math.sqrt(2 / Math.PI))]);
  const gate = times(lift, lift.emit('Add', [tanh, lift.scalar(1, lift.x(0))]), 0.5);
  lift.finish('Mul', [x, gate]);
}

/** The sum of what is there. */
function sum(lift: Lift, values: string[], output?: string): string {
  const there = values.filter((v) => v !== '');
  if (!output) return there.length === 1 ? there[0]! : lift.emit('Sum', there);
  return lift.builder.node('Sum', there, {}, { outputs: [output] });
}

/** x / sqrt(mean(x^2) + epsilon), times a scale. */
function rootMeanSquare(lift: Lift, x: string, scale: string): void {
  const square = lift.emit('ReduceMean', [lift.emit('Mul', [x, x]), lift.builder.ints([-1])], { keepdims: 1 });
  const root = lift.emit('Sqrt', [lift.emit('Add', [square, lift.scalar(float(lift.node, 'epsilon', 1e-5), lift.x(0))])]);
  lift.finish('Mul', [lift.emit('Div', [x, root]), scale]);
}

/** Statistics that training wanted. */
function onlyFirst(lift: Lift, ...allowed: number[]): void {
  for (let i = 1; i < lift.node.output.length; i++) if (lift.has(i) && !allowed.includes(i)) lift.refuse(`its output ${i} is in use`);
}

export const fused: Lifters = {
  'com.microsoft:FusedConv': fusedInto((lift) => {
    const plain = lift.emit(
      'Conv',
      [lift.x(0), lift.x(1), ...(lift.x(2) ? [lift.x(2)] : [])],
      without(lift, 'activation', 'activation_params'),
    );
    activate(lift, sum(lift, [plain, lift.x(3)]), floats(lift.node, 'activation_params') ?? []);
  }),
  'com.microsoft:FusedGemm': fusedInto((lift) => {
    const plain = lift.emit(
      'Gemm',
      [lift.x(0), lift.x(1), ...(lift.x(2) ? [lift.x(2)] : [])],
      without(lift, 'activation', 'activation_alpha', 'activation_beta', 'activation_gamma'),
    );
    activate(lift, plain, [float(lift.node, 'activation_alpha', 0), float(lift.node, 'activation_beta', 0)]);
  }),
  'com.microsoft:FusedMatMul': fusedInto(matMul),
  'com.microsoft:TransposeMatMul': fusedInto(matMul),
  'com.microsoft:BiasGelu': fusedInto((lift) => {
    lift.builder.node('Gelu', [sum(lift, [lift.x(0), lift.x(1)])], {}, { outputs: [lift.node.output[0]!], domain: 'com.microsoft' });
  }),
  'com.microsoft:FastGelu': fusedInto((lift) => tanhGelu(lift, sum(lift, [lift.x(0), lift.x(1)]))),
  'com.microsoft:SkipLayerNormalization': fusedInto((lift) => {
    onlyFirst(lift, 3);
    const x = sum(lift, [lift.x(0), lift.x(1), lift.x(4)], lift.node.output[3]);
    lift.finish('LayerNormalization', [x, lift.x(2), ...(lift.x(3) ? [lift.x(3)] : [])], {
      axis: -1,
      epsilon: asFloat(float(lift.node, 'epsilon', 1e-5)),
    });
  }),
  'com.microsoft:SkipSimplifiedLayerNormalization': fusedInto((lift) => {
    onlyFirst(lift, 3);
    rootMeanSquare(lift, sum(lift, [lift.x(0), lift.x(1), lift.x(3)], lift.node.output[3]), lift.x(2));
  }),
  /** onnxruntime's name for RMSNormalization before operator set 23 had it. */
  SimplifiedLayerNormalization: fusedInto((lift) => {
    onlyFirst(lift);
    const rank = lift.dims(lift.x(0)).length;
    if (![-1, rank - 1].includes(int(lift.node, 'axis', -1))) lift.refuse('it runs over several axes');
    rootMeanSquare(lift, lift.x(0), lift.x(1));
  }),
};
