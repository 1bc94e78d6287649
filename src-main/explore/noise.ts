import { outputAim } from '../goals/index.ts';
import { UserError } from '../../shared/errors.ts';
import type { Distances, Norm } from '../../shared/norms.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Finding, ImageResult, NoiseOutput, Results } from '../../shared/results.ts';
import { gaussian, randomStream } from '../attacks/problem/random-stream.ts';
import { toUnit } from '../images/index.ts';
import { distances } from '../norms/distances.ts';
import { FILES } from '../audit/jobs.ts';
import type { Models } from '../audit/models.ts';
import { outputFile } from '../audit/outputPicture.ts';
import { readPng, writeFile } from '../audit/picture.ts';

export interface NoiseRequest {
  folder: string;
  plan: AuditPlan;
  output: NonNullable<Results['output']>;
  image: Pick<ImageResult, 'id' | 'hash' | 'file'>;
  finding: Pick<Finding, 'threat' | 'attack' | 'eightBit'>;
}

/**
 * What the original model makes of the clean image under random noise as large as an attack's change, to see how much of
 * the harm is the attack's own doing: for ℓ∞ each value moves by the change's largest, up or down by chance; otherwise
 * Gaussian noise of the change's Euclidean length. Seeded by plan, image and attack; in 8 bits, as the change is.
 * @throws UserError when the pictures are gone, or the attack found nothing.
 */
export async function noiseOutput({ folder, plan, output, image, finding }: NoiseRequest, models: Models): Promise<NoiseOutput> {
  const { threat, attack, eightBit } = finding;
  if (eightBit === null) throw new UserError('The attack found no change, so there is none to compare noise with.');
  const { norm, goal } = plan.threats[threat]!;
  const aim = outputAim(goal);
  const picture = await readPng(folder, image.file).catch((error: unknown) => {
    throw error instanceof UserError ? error : new UserError(`${image.file} is missing from the audit's folder.`);
  });
  const clean = toUnit(picture);
  const { kind, pixels: noisy } = noiseLike(norm, eightBit, clean, `noise ${plan.seed} ${image.hash} ${threat} ${attack}`);
  const original = await models.originalOutput(output);
  const reference = await aim.reference(original, clean, picture, output);
  const y = await original.output(noisy, picture);
  const png = await outputFile(FILES.noise(threat, norm, attack, image.id), y, output, aim.peak);
  if (png) writeFile(folder, png);
  return {
    kind,
    distances: distances(noisy, clean, picture.channels),
    output: { figures: y.every(Number.isFinite) ? aim.figures(y, reference, output) : {}, file: png?.file ?? null },
  };
}

/**
 * Random noise as large as a change, in 8 bits: see `noiseOutput`.
 * @param seed of its stream
 */
export function noiseLike(
  norm: Norm,
  size: Distances,
  clean: Float32Array,
  seed: string,
): { kind: NoiseOutput['kind']; pixels: Float32Array } {
  const random = randomStream(seed);
  return norm === 'linf'
    ? { kind: 'signs', pixels: withSigns(clean, size.linf, random) }
    : { kind: 'gaussian', pixels: withGaussian(clean, size.l2, random) };
}

const toEightBit = (value: number): number => Math.fround(Math.round(255 * Math.min(1, Math.max(0, value))) / 255);

function withSigns(clean: Float32Array, size: number, random: () => number): Float32Array {
  return clean.map((x) => toEightBit(x + (random() < 0.5 ? -size : size)));
}

/** The box and the rounding shorten what is drawn, so it is stretched until the length is right, or the box is full. */
function withGaussian(clean: Float32Array, length: number, random: () => number): Float32Array {
  const draw = Float64Array.from(clean, () => gaussian(random));
  const at = (scale: number) => clean.map((x, i) => toEightBit(x + scale * draw[i]!));
  const lengthOf = (noisy: Float32Array) => Math.sqrt(noisy.reduce((sum, x, i) => sum + (x - clean[i]!) ** 2, 0));
  let [low, high] = [0, (2 * length) / Math.sqrt(draw.length)];
  for (let i = 0; i < 20 && lengthOf(at(high)) < length; i++) [low, high] = [high, 2 * high];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (lengthOf(at(middle)) < length) low = middle;
    else high = middle;
  }
  return at(high);
}
