import { availableParallelism } from 'node:os';
import { UserError } from '../../shared/errors.ts';
import { verdictOf } from '../../shared/gradientCheck.ts';
import type { Answer, Preprocessing, Provider } from '../../shared/plan.ts';
import type { GradientCheck } from '../../shared/results.ts';
import { DType } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { openImages, toUnit } from '../images/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { networkInput } from '../model/network.ts';
import { cut } from '../model/preprocessing/index.ts';
import { checkProducts, checkGradient } from '../runtime/gradcheck.ts';
import type { CheckOptions } from '../runtime/stepwise.ts';
import { chooseProvider } from '../runtime/providers.ts';
import { chooseRows } from '../runtime/rows.ts';
import { Models } from './models.ts';

/** Pictures the gradient is checked at. */
export const CHECKED = 3;
/** Side of random pictures for a model that takes any size. */
const FREE_SIDE = 64;
/** Greatest side of the part of a picture that such a model is checked at, which inspecting tries it with. */
const PART = 224;
/** Seconds that a check may take which somebody waits for, unless it is told otherwise. */
export const SECONDS = 60;

export interface GradcheckRequest {
  model: string;
  preprocessing: Preprocessing;
  /** Pictures to check at; null: random pixels of the size that the network reads. */
  images: string[] | null;
  /** Input that takes the image, values of the others, and output, as in a plan. */
  input?: string | null;
  fixed?: Record<string, number | number[]>;
  output?: string | null;
  answer?: Answer | undefined;
  provider?: Provider;
  /** It ends after so long with what it has. */
  seconds?: number;
}

/** Pictures of one size. */
interface Sample {
  shape: ImageShape;
  pictures: Float32Array[];
}

/**
 * The gradient check by itself, on the CPU unless another provider is asked for: of the margin where the model is a
 * classifier and no output is named, else of J'u and Jv. A failed check is given back, not thrown, and so is one that ended early.
 * @param tell told what is known so far; what it throws ends the check
 * @throws UserError for a model or images that do not fit, or an operator without a gradient rule.
 */
export async function checkModelGradient(request: GradcheckRequest, tell: CheckOptions['tell'] = () => undefined): Promise<GradientCheck> {
  const { input = null, fixed = {}, output = null, provider = 'cpu', seconds = SECONDS } = request;
  const began = performance.now();
  const spent = () => (performance.now() - began) / (1000 * seconds);
  const models = new Models({
    ...request,
    input,
    fixed,
    output,
    provider: (await chooseProvider(provider)).used,
    threads: availableParallelism(),
  });
  const options = { half: usesHalf(models.graph), spent, tell };
  try {
    if (!request.images) return await checkAt(models, random(models, request.preprocessing), options);
    const sample = await read(request.images);
    const part = isFree(models, request.preprocessing) ? partOf(sample) : sample;
    try {
      return await checkAt(models, part, options);
    } catch (error) {
      // It may take only sizes of some kind, of which the part is none.
      if (part === sample || !(error instanceof UserError)) throw error;
      return await checkAt(models, sample, options);
    }
  } finally {
    await models.close();
  }
}

/** One picture at a time where the model allows it: it is no slower so, and the first answer is there sooner. */
async function checkAt(models: Models, { shape, pictures }: Sample, options: CheckOptions): Promise<GradientCheck> {
  const rows = models.input.batch ?? 1;
  const takesOutput = await models.takesOutput(shape);
  if (rows > 1) await chooseRows({ ...models.request, picture: shape }, rows, takesOutput ? { output: models.output } : {});
  if (takesOutput) {
    const model = await models.outputModel(shape, rows);
    return checkProducts(model, await models.originalOutput(model.model.output), pictures, options);
  }
  const model = await models.differentiable(shape, rows);
  return checkGradient(model, await models.original(model.pixels.output), pictures, options);
}

async function read(paths: string[]): Promise<Sample> {
  const set = await openImages({ paths, labels: null, offset: 0, limit: null, look: 'all', enough: CHECKED });
  const { channels, height, width } = set.items[0]!;
  const alike = set.items.filter((i) => i.channels === channels && i.height === height && i.width === width);
  return { shape: { channels, height, width }, pictures: await Promise.all(alike.map(async (i) => toUnit(await i.read()))) };
}

/** Whether the network runs at the size of any picture. */
function isFree({ input }: Models, { geometry, layout }: Preprocessing): boolean {
  const [height, width] = layout === 'nhwc' ? input.dims.slice(1, 3) : input.dims.slice(2, 4);
  return geometry === 'none' && input.dims.length === 4 && height === null && width === null;
}

/** The middle of pictures: a network that takes any size is the same network at a small one. */
function partOf({ shape, pictures }: Sample): Sample {
  const { channels, height, width } = shape;
  const [h, w] = [Math.min(height, PART), Math.min(width, PART)];
  if (h === height && w === width) return { shape, pictures };
  const window = { top: (height - h) >> 1, left: (width - w) >> 1, height: h, width: w };
  return { shape: { channels, height: h, width: w }, pictures: pictures.map((x) => cut(x, shape, window)) };
}

/** Uniform 8-bit pixels from a fixed sequence: the same check every time. */
function random(models: Models, spec: Preprocessing): Sample {
  const { dims } = models.input;
  const flat = dims.length !== 4;
  const side = flat ? Math.sqrt(dims.slice(1).reduce<number>((a, d) => a * (d ?? 1), 1)) : 0;
  const [c, h, w] = spec.layout === 'nhwc' ? [dims[3], dims[1], dims[2]] : [dims[1], dims[2], dims[3]];
  const grey = flat ? Number.isInteger(side) : (c ?? 3) === 1;
  const square = Number.isInteger(side) ? side : Math.sqrt((side * side) / 3);
  const shape = {
    channels: grey ? 1 : 3,
    height: spec.height ?? (flat ? square : (h ?? FREE_SIDE)),
    width: spec.width ?? (flat ? square : (w ?? FREE_SIDE)),
  };
  // Before numbers are made for it: the size is what the file says.
  networkInput(models.input, spec, shape, 1);
  let state = 0x2545f491;
  const pictures = Array.from({ length: CHECKED }, () =>
    Float32Array.from({ length: shape.channels * shape.height * shape.width }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      // As pictures have them: a network that reads whole numbers is asked about nothing else.
      return (state >>> 24) / 255;
    }),
  );
  return { shape, pictures };
}

/** Whether any weight or input is in 16-bit floating point. */
export function usesHalf(graph: Graph): boolean {
  for (const tensor of graph.initializers.values())
    if (tensor.dataType === DType.float16 || tensor.dataType === DType.bfloat16) return true;
  return false;
}

/** Multiplications of an audit's own check: about a minute on one core. */
const WORK = 1e12;

/**
 * How long the check goes on that an audit makes: so much work and not so much time, since its results must be the same bytes in every run.
 * @param work multiplications of a forward pass
 */
export function boundedWork(work: number): NonNullable<CheckOptions['spent']> {
  return (passes) => (passes * work) / WORK;
}

/** What a gradient that leads nowhere means for whoever reads the results; null where there is none. */
export function flatNote({ slopes }: GradientCheck, who: string): string | null {
  if (!slopes || slopes.zero + slopes.tiny === 0) return null;
  const { pictures, zero, tiny } = slopes;
  const what = [zero > 0 ? `exactly zero at ${zero}` : '', tiny > 0 ? `too small for float32 to tell where it leads at ${tiny}` : '']
    .filter(Boolean)
    .join(' and ');
  return `The gradient of ${lowered(who)} is ${what} of the ${pictures} pictures it was looked at: an attack that follows it finds nothing there whether or not there is something to find, so what held does not count as robust. Scores that are saturated look like this: attack the network before its last activation, or by transfer from another one.`;
}

const lowered = (who: string) => who.replace(/^The /, 'the ');

/**
 * What an audit warns of: a gradient that is checked in part, or not.
 * @param who whose gradient it is
 * @throws UserError when the check failed: what is not right is refused by name, never guessed (design rule 5).
 */
export function demand(check: GradientCheck, who = 'The network'): string[] {
  const verdict = verdictOf(check);
  if (check.trouble === 'random')
    throw new UserError(
      `${who} answers otherwise each time it sees the same picture (such as a dropout in training mode), so that nothing found on it can be checked: export it in evaluation mode.`,
    );
  if (check.trouble === 'not-finite')
    throw new UserError(
      `The gradient of ${lowered(who)} is NaN or infinite at a picture that the model itself gives numbers for, so that no attack can follow it: look for a division by zero, a root or a logarithm of zero in the network.`,
    );
  const flat = flatNote(check, who);
  if (flat !== null) return [flat];
  if (verdict === 'passed' || verdict === 'unneeded') return [];
  const longer = 'let hairline gradcheck --seconds N check it for longer';
  if (verdict === 'partly')
    return [`${who} is slow, so its gradient was checked in ${check.directions} of ${check.wanted} directions only: ${longer}.`];
  if (verdict === 'unchecked')
    return [`${who} is so slow that its gradient is not checked by the work that an audit puts into it: ${longer}.`];
  if (check.forwardError > 1e-3)
    throw new UserError(
      `The differentiated model does not compute what the original computes (relative error ${check.forwardError.toPrecision(2)}), so it is not attacked: please report this model.`,
    );
  throw new UserError(
    `The model's gradient disagrees with central differences (relative error ${Math.max(check.gradientError, check.tangentError ?? 0).toPrecision(2)}), so it is not attacked: please report this model.`,
  );
}
