import type { NodeProto } from 'onnx-buf';
import { int, operatorName } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/** How a node's output depends on the picture. */
type Kind = 'constant' | 'affine';

/** Affine in every input that is; other inputs are weights, or tell shapes, axes and indices. */
const MOVES = [
  ...[
    'Identity',
    'Cast',
    'Reshape',
    'Flatten',
    'Squeeze',
    'Unsqueeze',
    'Transpose',
    'Expand',
    'Tile',
    'Slice',
    'Gather',
    'GatherND',
    'GatherElements',
  ],
  ...[
    'Split',
    'Concat',
    'Pad',
    'DepthToSpace',
    'SpaceToDepth',
    'Neg',
    'Add',
    'Sub',
    'Sum',
    'Mean',
    'AveragePool',
    'GlobalAveragePool',
    'ReduceSum',
    'ReduceMean',
  ],
];
/** A product: affine when at most one factor is, and a quotient when the divisor is none. */
const PRODUCTS = ['Mul', 'MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'Einsum'];
/** What they put out does not depend on values at all. */
const SHAPES = ['Shape', 'Size', 'ConstantOfShape'];

export type Proof = { affine: true } | { affine: false; /** The first node that may not be, as `Relu (name)`. */ because: string };

/**
 * Whether a graph is affine from its only input to its outputs, by its structure alone: every node between them is an
 * operator that is affine whatever its weights are. That is a proof (up to rounding); a network that is affine for other
 * reasons, such as a Relu that never switches, is not recognised.
 */
export function proveAffine(graph: Graph): Proof {
  const kinds = new Map<string, Kind>(graph.inputs.map(({ name }) => [name, 'affine']));
  for (const node of graph.nodes) {
    const kind = kindOf(node, (name) => (name === '' ? 'constant' : (kinds.get(name) ?? 'constant')));
    if (kind === null) return { affine: false, because: `${operatorName(node)}${node.name ? ` (${node.name})` : ''}` };
    for (const output of node.output) kinds.set(output, kind);
  }
  return { affine: true };
}

function kindOf(node: NodeProto, of: (name: string) => Kind): Kind | null {
  const op = operatorName(node);
  const moving = node.input.map(of).filter((kind) => kind === 'affine').length;
  if (SHAPES.includes(op)) return 'constant';
  // Bodies of If, Loop and Scan may read the picture without naming it.
  if (node.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0)) return null;
  if (moving === 0) return 'constant';
  if (MOVES.includes(op))
    return op === 'Cast' && ![1, 10, 11, 16].includes(int(node, 'to', 0)) ? null : movesData(node, op, of) ? 'affine' : null;
  if (PRODUCTS.includes(op)) return factors(node, op).filter((name) => of(name) === 'affine').length <= 1 ? 'affine' : null;
  if (op === 'Div') return of(node.input[1]!) === 'constant' ? 'affine' : null;
  if (op === 'BatchNormalization')
    return node.input.slice(1).every((name) => of(name) === 'constant') && int(node, 'training_mode', 0) === 0 ? 'affine' : null;
  if (op === 'Dropout') return node.input.slice(2).every((name) => of(name) === 'constant' && name === '') ? 'affine' : null;
  if (op === 'Resize') return node.input.slice(1).every((name) => of(name) === 'constant') ? 'affine' : null;
  return null;
}

/** Shapes, axes, pads and indices must not come from the picture's values. */
function movesData(node: NodeProto, op: string, of: (name: string) => Kind): boolean {
  const data = ['Add', 'Sub', 'Sum', 'Mean', 'Concat'].includes(op) ? node.input.length : 1;
  return node.input.slice(data).every((name) => of(name) === 'constant');
}

/** What is multiplied; a bias is added, and the affine operators above take it as they come. */
function factors(node: NodeProto, op: string): string[] {
  return op === 'Einsum' || op === 'Mul' || op === 'MatMul' ? node.input : node.input.slice(0, 2);
}
