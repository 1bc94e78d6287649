import { z } from 'zod';
import { partitionOptions } from '../../../shared/partitions.ts';
import type { PartitionChoice } from '../../../shared/partitions.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import { pathBounds, pathsOf } from './partitions.ts';
import type { Path } from './partitions.ts';
import type { Partition } from '../../norms/partition.ts';
import { ends } from '../outputs/quadratic.ts';
import { columnPowers, columnsOf, dot, jacobianAt, writtenOut } from '../outputs/jacobian.ts';
import type { Jacobian } from '../outputs/jacobian.ts';
import { together } from '../outputs/products.ts';
import type { Steps } from '../outputs/products.ts';
import { cornerValue, exchangeSigns, exhaustSigns, greedySigns } from '../outputs/signs.ts';
import type { Corners } from '../outputs/signs.ts';
import { cost, features, times } from '../cost.ts';
import type { Cost, Scene } from '../cost.ts';

interface Setting {
  /** How far a feature may move. */
  most: number;
  perStep: number;
  candidates: number;
  exact: number;
  dense: number;
  probes: number;
}

/** A subset, how far it can move the linearised output, and its features' places. */
export interface Move {
  subset: number;
  /** ‖r + J_S η_S‖₂² at the best corner found. */
  value: number;
  features: readonly number[];
  /** Total change of each of these features. */
  eta: Float64Array;
}

/** Features of each subset. */
export function members({ count, of }: Partition): number[][] {
  const list: number[][] = Array.from({ length: count }, () => []);
  of.forEach((s, j) => s >= 0 && list[s]!.push(j));
  return list;
}

/**
 * The best corner of one subset, (19): the greedy rule (20) and single exchanges after it, or every corner where there are
 * at most `exact` features.
 */
export function* moveOf(
  jacobian: Jacobian,
  residual: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  subset: number,
  features: readonly number[],
  exact: number,
): Steps<Move> {
  const problem: Corners = {
    columns: yield* columnsOf(jacobian, features),
    residual,
    low: features.map((j) => low[j]!),
    high: features.map((j) => high[j]!),
  };
  const eta = features.length <= exact ? exhaustSigns(problem) : greedySigns(problem);
  if (features.length > exact) exchangeSigns(problem, eta);
  return { subset, features, eta, value: cornerValue(problem, eta) };
}

/**
 * An upper estimate of how far each subset alone moves the linearised output, to choose those worth their columns:
 * 2 Σ |g_j| d_j + (Σ ‖J_j‖ d_j)² with g = J'r and d_j the longer way; by triangle inequality never too small where the
 * columns' lengths are exact.
 */
export function subsetReach(
  partition: Partition,
  powers: ArrayLike<number>,
  slope: ArrayLike<number> | null,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): Float64Array {
  const [length, line] = [new Float64Array(partition.count), new Float64Array(partition.count)];
  partition.of.forEach((s, j) => {
    if (s < 0) return;
    const d = Math.max(high[j]!, -low[j]!);
    length[s]! += Math.sqrt(powers[j]!) * d;
    if (slope) line[s]! += Math.abs(slope[j]!) * d;
  });
  return length.map((l, s) => l * l + 2 * line[s]!);
}

/** The subset attack of one image: a linearisation, its best unused subset to the corner, and again. */
function* search(path: Path, clean: Float32Array, y: Float32Array, setting: Setting, random: () => number, out: Float32Array): Steps<void> {
  const { low, high } = ends({ clean, eps: setting.most });
  const parts = members(path.partition);
  while (!path.full) {
    const at = out.slice();
    const { output } = yield { kind: 'jvp', point: at, vector: new Float32Array(at.length) };
    const residual = output.map((value, i) => value - y[i]!);
    const here = jacobianAt(at, y.length);
    const jacobian = (yield* writtenOut(here, setting.dense)) ?? here;
    const powers = yield* columnPowers(jacobian, setting.probes, random);
    const slope = dot(residual, residual) > 0 ? yield* jacobian.pull(residual) : null;
    const reach = subsetReach(path.partition, powers, slope, low, high);
    const open = parts.flatMap((_, s) => (path.barred[s] ? [] : [s])).sort((a, b) => reach[b]! - reach[a]! || a - b);
    const moves: Move[] = [];
    for (const s of open.slice(0, Math.max(setting.candidates, setting.perStep)))
      moves.push(yield* moveOf(jacobian, residual, low, high, s, parts[s]!, setting.exact));
    moves.sort((a, b) => b.value - a.value || a.subset - b.subset);
    const chosen = new Set(path.affordable(moves.slice(0, Math.min(setting.perStep, path.left)).map(({ subset }) => subset)));
    if (chosen.size === 0) return;
    const trials = [1, -1].map((sign) =>
      apply(
        at,
        moves.filter(({ subset }) => chosen.has(subset)),
        sign,
        low,
        high,
      ),
    );
    // (18) is even in η, the network is not; with a residual the model tells the signs apart.
    const margins: number[] = [];
    for (const point of slope ? trials.slice(0, 1) : trials) margins.push((yield { kind: 'query', point }).margin);
    path.add([...chosen]);
    out.set(trials[margins.length > 1 && margins[1]! < margins[0]! ? 1 : 0]!);
  }
}

/** The corner, or the one across from it. */
function apply(at: Float32Array, moves: readonly Move[], sign: number, low: Float32Array, high: Float32Array): Float32Array {
  const point = at.slice();
  for (const { features, eta } of moves)
    features.forEach((j, z) => (point[j] = sign > 0 ? eta[z]! : eta[z]! === high[j]! ? low[j]! : high[j]!));
  return point;
}

interface Options extends PartitionChoice {
  subsets: number | null;
  perStep: number;
  candidates: number;
  exact: number;
  dense: number;
  probes: number;
}

/** For each subset that is added: the output, the columns' lengths, the slope, the candidates' columns, and a point of either sign. */
function quadraticSubsetCost(scene: Scene, { subsets, perStep, candidates, exact: _, dense, probes, ...choice }: Options): Cost {
  const { most, largest } = pathBounds(scene, choice, subsets);
  const [inputs, outputs] = [features(scene), scene.outputs];
  const columns = inputs * outputs <= dense ? Math.min(inputs, outputs) : probes + 1 + largest(Math.max(candidates, perStep));
  return times(most, cost(1 + columns, 2));
}

/**
 * Single and multiple subset attack by the quadratic problem (Balda et al., eq. 18 to 21): of the subsets not yet used the
 * one whose corner moves the linearised output farthest, each linearisation adding `perStep`. Which subsets are worth
 * their columns is told by their columns' lengths, exact or by random probes.
 */
export const quadraticSubset = defineAttack({
  id: 'quadratic-subset',
  title: 'Quadratic pixel and subset attack',
  norms: ['l0', 'l0Pixels', 'linf'],
  kind: 'fixed-budget',
  targeted: false,
  access: 'gradient',
  needsOutput: true,
  summary: 'Changes few pixels, blocks or areas of an image, those that move the output most by the columns of the Jacobian.',
  source:
    'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), eq. 17 to 21; subsets by column lengths, exact corners for small subsets, iterated with the residual of eq. 12',
  options: z.strictObject({
    ...partitionOptions,
    subsets: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .nullable()
      .default(null)
      .describe('Most subsets that are changed. Empty: 1 for l∞, as many as ε holds for l0.'),
    perStep: z.number().int().min(1).max(100_000).default(1).describe('Subsets added by each linearisation.'),
    candidates: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(12)
      .describe('Subsets whose columns are taken in each linearisation, two passes for each feature; the paper takes all.'),
    exact: z
      .number()
      .int()
      .min(0)
      .max(20)
      .default(12)
      .describe('Try every corner of a subset of at most this many features; larger ones go by the greedy rule and exchange of signs.'),
    dense: z
      .number()
      .int()
      .min(0)
      .max(1e8)
      .default(2 ** 16)
      .describe('Write out a Jacobian of at most this many entries (values in times values out): exact column lengths.'),
    probes: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(24)
      .describe('Random probes that estimate the columns’ lengths of larger ones, two passes each.'),
  }),
  cost: quadraticSubsetCost,
  async run(problem, { subsets, perStep, candidates, exact, dense, probes, epsilon = 0, ...choice }) {
    const { paths, most } = pathsOf(problem, choice, subsets, epsilon);
    const eta = rowsOf(new Float32Array(problem.clean.length), problem.count);
    const [clean, y] = [rowsOf(problem.clean, problem.count), rowsOf(problem.reference!, problem.count)];
    await together(problem, (image) =>
      search(
        paths[image]!,
        clean[image]!,
        y[image]!,
        { most, perStep, candidates, exact, dense, probes },
        problem.random(image),
        eta[image]!,
      ),
    );
    paths.forEach((path, image) => problem.confine(image, path.mayMove()));
  },
});
