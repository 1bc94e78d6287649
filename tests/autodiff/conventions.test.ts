import { describe, expect, it } from 'vitest';
import { collect, supportedOperators } from '../../src-main/autodiff/index.ts';
import { DType, elementCount, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { gradientAt, openPair, withGradient } from './gradient.ts';

/** A graph from one input `x` to one output `y`, and the facts of its values. */
async function graphOf(dims: number[], write: (b: GraphBuilder) => string) {
  const builder = new GraphBuilder(emptyGraph());
  builder.input('x', DType.float32, dims);
  const y = write(builder);
  builder.node('Identity', [y], {}, { outputs: ['y'] });
  builder.output('y', DType.float32, []);
  builder.graph.outputs[0]!.type = undefined as never;
  return { graph: builder.graph, facts: await traceFacts(builder.graph, { x: dims }) };
}

/** Gradient of the sum of all outputs, or of u'y. */
async function gradient(dims: number[], x: number[], write: (b: GraphBuilder) => string, u?: number[]): Promise<number[]> {
  const { graph, facts } = await graphOf(dims, write);
  const pair = await openPair(graph, facts, 'y', 'x');
  const cotangent = u ?? new Array<number>(elementCount(pair.dims.of)).fill(1);
  return Array.from((await gradientAt(pair, Float32Array.from(x), Float32Array.from(cotangent))).gradient, (v) => v + 0);
}

describe('one convention at kinks', () => {
  it('Relu: zero at zero, and one at the smallest normal number', async () => {
    expect(await gradient([5], [-1, 0, 2 ** -126, 1e-30, 3], (b) => b.node('Relu', ['x']))).toEqual([0, 0, 1, 1, 1]);
  });
  it('Abs: zero at zero; Clip: zero at its bounds', async () => {
    expect(await gradient([3], [-1, 0, 3], (b) => b.node('Abs', ['x']))).toEqual([-1, 0, 1]);
    expect(await gradient([4], [0, 0.5, 6, 7], (b) => b.node('Clip', ['x', b.scalar(0), b.scalar(6)]))).toEqual([0, 1, 0, 0]);
  });
  it('ReduceMax, Max, TopK: the first of equal maxima', async () => {
    const axes = (b: GraphBuilder) => b.ints([1]);
    expect(await gradient([2, 3], [1, 5, 5, 2, 2, 2], (b) => b.node('ReduceMax', ['x', axes(b)]))).toEqual([0, 1, 0, 1, 0, 0]);
    expect(await gradient([2, 3], [1, 5, 5, 2, 2, 2], (b) => b.node('ReduceMin', ['x', axes(b)]))).toEqual([1, 0, 0, 1, 0, 0]);
    expect(await gradient([3], [1, 2, 3], (b) => b.node('Max', ['x', b.constant([2, 2, 2], [3])]))).toEqual([0, 1, 1]);
    expect(await gradient([3], [1, 2, 3], (b) => b.node('Max', [b.constant([2, 2, 2], [3]), 'x']))).toEqual([0, 0, 1]);
    expect(await gradient([4], [3, 7, 7, 7], (b) => b.node('TopK', ['x', b.ints([1])], {}, { outputs: 2 }))).toEqual([0, 1, 0, 0]);
  });
});

describe('MaxPool gives all to the first maximum, whichever way it is written', () => {
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  const levels = (count: number) => Array.from({ length: count }, (_, i) => ((i * 7919) % 13) % 3);

  /** The plain definition: rows first, a later one only if greater. */
  function reference(x: number[], n: number, h: number, w: number, dy: number[]): number[] {
    const dx = x.map(() => 0);
    const [rows, columns] = [Math.floor(h / 2), Math.floor(w / 2)];
    for (let p = 0; p < n; p++)
      for (let r = 0; r < rows; r++)
        for (let q = 0; q < columns; q++) {
          const at = [0, 1, w, w + 1].map((o) => p * h * w + 2 * r * w + 2 * q + o);
          const best = at.reduce((a, b) => (x[b]! > x[a]! ? b : a));
          dx[best]! += dy[(p * rows + r) * columns + q]!;
        }
    return dx;
  }

  it.each([
    ['in the blocked layout', 16, 6, 8],
    ['in the blocked layout, with a row and a column left over', 32, 7, 5],
    ['by the indices of the pool', 3, 6, 8],
  ])('%s', async (_, channels, h, w) => {
    const x = levels(2 * channels * h * w).map((v) => v - 1);
    const dy = Array.from({ length: 2 * channels * Math.floor(h / 2) * Math.floor(w / 2) }, (_, i) => i + 1);
    expect(await gradient([2, channels, h, w], x, (b) => b.node('MaxPool', ['x'], pool), dy)).toEqual(reference(x, 2 * channels, h, w, dy));
  });

  it('also behind a Relu, whose mask it takes over', async () => {
    const x = levels(2 * 16 * 4 * 4).map((v) => v - 1);
    const dy = Array.from({ length: 2 * 16 * 4 }, (_, i) => i + 1);
    const masked = reference(
      x.map((v) => Math.max(v, 0)),
      32,
      4,
      4,
      dy,
    ).map((g, i) => (x[i]! > 0 ? g : 0));
    expect(await gradient([2, 16, 4, 4], x, (b) => b.node('MaxPool', [b.node('Relu', ['x'])], pool), dy)).toEqual(masked);
    // Read by something else as well, the Relu keeps its own mask.
    const both = await gradient([2, 16, 4, 4], x, (b) => {
      const r = b.node('Relu', ['x']);
      const sums = b.node('ReduceSum', [r, b.ints([0, 1, 2, 3])], { keepdims: 1 });
      return b.node('Add', [b.node('MaxPool', [r], pool), sums]);
    });
    expect(both).toEqual(
      reference(
        x.map((v) => Math.max(v, 0)),
        32,
        4,
        4,
        dy.map(() => 1),
      ).map((g, i) => (x[i]! > 0 ? g + 128 : 0)),
    );
  });
});

describe('the walk over the graph', () => {
  it('sums what flows back from several readers', async () => {
    // y = x x + x x x + 2 x: 2 x + 3 x^2 + 2
    const write = (b: GraphBuilder) => {
      const square = b.node('Mul', ['x', 'x']);
      const cube = b.node('Mul', [square, 'x']);
      return b.node('Sum', [square, cube, 'x', 'x']);
    };
    expect(await gradient([2], [1, -2], write)).toEqual([7, 10]);
  });

  it('visits only what lies between: no rule is asked of a node beside the path, nothing flows through integers', async () => {
    const write = (b: GraphBuilder) => {
      const count = b.node('Cast', [b.node('NonZero', ['x'])], { to: DType.float32 });
      const size = b.node('ReduceSum', [count, b.ints([0, 1])], { keepdims: 0 });
      return b.node('Mul', ['x', size]);
    };
    expect(await gradient([3], [1, 0, 2], write)).toEqual([2, 2, 2]);
  });

  it('passes straight through operators without a useful derivative, and says which', async () => {
    const { graph, facts } = await graphOf([3], (b) => b.node('Floor', [b.node('Mul', [b.node('Sign', ['x']), b.scalar(2)])]));
    expect(withGradient(graph, facts, 'y', 'x').straightThrough).toEqual(['Floor', 'Sign']);
    expect(await gradient([2], [0.3, -4], (b) => b.node('Round', [b.node('Mul', ['x', b.scalar(3)])]))).toEqual([3, 3]);
  });

  it('casts the gradient back between float types', async () => {
    const write = (b: GraphBuilder) =>
      b.node('Cast', [b.node('Mul', [b.node('Cast', ['x'], { to: DType.float64 }), b.scalar(3, DType.float64)])], { to: DType.float32 });
    expect(await gradient([2], [1, 2], write)).toEqual([3, 3]);
  });

  it('refuses by name', async () => {
    const det = await graphOf([2, 2], (b) => b.node('Det', ['x']));
    expect(() => withGradient(det.graph, det.facts, 'y', 'x')).toThrow(/^No gradient rule for Det at node hl\/hl_det_1: /);
    const whole = await graphOf([2], (b) => b.node('Cast', [b.node('Cast', ['x'], { to: DType.int64 })], { to: DType.float32 }));
    expect(() => withGradient(whole.graph, whole.facts, 'y', 'x')).toThrow(
      /^No gradient reaches the picture: Cast at node hl\/hl_cast_1 has no derivative\.$/,
    );
  });

  it('takes a Hardmax for constant, as it is but where it jumps', async () => {
    expect(await gradient([1, 3], [1, 3, 2], (b) => b.node('Mul', ['x', b.node('Hardmax', ['x'])]))).toEqual([0, 1, 0]);
    const alone = await graphOf([1, 3], (b) => b.node('Hardmax', ['x']));
    expect(() => withGradient(alone.graph, alone.facts, 'y', 'x')).toThrow(
      /^No gradient reaches the picture: Hardmax at node .* has no derivative\.$/,
    );
  });

  it('gives all to the upper bound of a Clip whose bounds have crossed', async () => {
    expect(await gradient([], [1], (b) => b.node('Clip', [b.constant([-2, 0, 6], [3]), b.scalar(2), 'x']), [1, 2, 4])).toEqual([7]);
    expect(await gradient([], [2], (b) => b.node('Clip', [b.constant([-2, 0, 6], [3]), 'x', b.scalar(1)]), [1, 2, 4])).toEqual([0]);
  });

  it('gives zeros, and no NaN, where a vector of zeros is normalised and where a model replaces a softmax of nothing', async () => {
    for (const p of [1, 2])
      expect(await gradient([2, 2], [0, 0, 3, -4], (b) => b.node('LpNormalization', ['x'], { p }))).toEqual(
        [0, 0, ...(p === 1 ? [8 / 49, 6 / 49] : [28 / 125, 21 / 125])].map((g) => expect.closeTo(g, 6)),
      );
    const masked = await gradient([2, 2], [0, 1, 0, 1], (b) => {
      const shares = b.node('Softmax', [b.node('Add', ['x', b.constant([-Infinity, -Infinity, 0, -Infinity], [2, 2])])], { axis: -1 });
      return b.node('Mul', ['x', b.node('Where', [b.node('IsNaN', [shares]), b.scalar(0), shares])]);
    });
    expect(masked).toEqual([0, 0, 1, 0]);
  });

  it('refuses an output that a rule does not look at', async () => {
    const mean = await graphOf(
      [2, 4, 3, 3],
      (b) =>
        b.nodes(
          'BatchNormalization',
          ['x', ...[1, 2, 3, 4].map((v) => b.constant([v, v, v, v], [4]))],
          { training_mode: 1 },
          { outputs: 3 },
        )[1]!,
    );
    expect(() => withGradient(mean.graph, mean.facts, 'y', 'x')).toThrow(
      /^No gradient rule for BatchNormalization at node .*: more than the first of its outputs is used\.$/,
    );
  });

  it('does not take a value for constant that depends on the image', async () => {
    const statistics = await graphOf([1, 2, 2, 2], (b) => {
      const mean = b.node('ReduceMean', ['x', b.ints([0, 2, 3])], { keepdims: 0 });
      const one = b.constant([1, 1], [2]);
      return b.node('BatchNormalization', ['x', one, one, mean, one]);
    });
    expect(() => withGradient(statistics.graph, statistics.facts, 'y', 'x')).toThrow(/BatchNormalization .* input 3 depends on the image/);
  });

  it('has one rule per operator', () => {
    const rule = () => [null];
    expect(() => collect([{ Relu: rule }, { Relu: rule }])).toThrow('two gradient rules for Relu');
    expect(supportedOperators()).toContain('Conv');
  });
});
