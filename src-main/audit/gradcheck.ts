import { UserError } from '../../shared/errors.ts';
import type { Preprocessing, Provider } from '../../shared/plan.ts';
import type { GradientCheck } from '../../shared/results.ts';
import { DType } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { openImages, toUnit } from '../images/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { networkInput } from '../model/network.ts';
import { checkField, checkGradient } from '../runtime/gradcheck.ts';
import { chooseProvider } from '../runtime/providers.ts';
import { chooseRows } from '../runtime/rows.ts';
import { Models } from './models.ts';

/** Pictures the gradient is checked at. */
export const CHECKED = 3;
/** Side of random pictures for a model that takes any size. */
const FREE_SIDE = 64;

export interface GradcheckRequest {
  model: string;
  preprocessing: Preprocessing;
  /** Pictures to check at; null: random pixels of the size that the network reads. */
  images: string[] | null;
  /** Input that takes the image, values of the others, and output, as in a plan. */
  input?: string | null;
  fixed?: Record<string, number | number[]>;
  output?: string | null;
  provider?: Provider;
}

/**
 * The gradient check by itself, on the CPU unless another provider is asked for: of the margin where the model is a
 * classifier and no output is named, else of J'u and Jv. A failed check is given back, not thrown.
 * @throws UserError for a model or images that do not fit, or an operator without a gradient rule.
 */
export async function checkModelGradient(request: GradcheckRequest): Promise<GradientCheck> {
  const { input = null, fixed = {}, output = null, provider = 'cpu' } = request;
  const models = new Models({ ...request, input, fixed, output, provider: (await chooseProvider(provider)).used });
  try {
    const { shape, pictures } = request.images ? await read(request.images) : random(models, request.preprocessing);
    const half = usesHalf(models.graph);
    if (await models.isField(shape)) {
      const { rows } = await chooseRows({ ...models.request, picture: shape }, 2, { output });
      const model = await models.field(shape, rows);
      return await checkField(model, await models.originalField(model.model.output), pictures, half);
    }
    const { rows } = await chooseRows({ ...models.request, picture: shape }, 2);
    const model = await models.differentiable(shape, rows);
    return await checkGradient(model, await models.original(model.pixels.output), pictures, half);
  } finally {
    await models.close();
  }
}

async function read(paths: string[]): Promise<{ shape: ImageShape; pictures: Float32Array[] }> {
  const set = await openImages({ paths, labels: null, offset: 0, limit: null, look: 'all', enough: CHECKED });
  const { channels, height, width } = set.items[0]!;
  const alike = set.items.filter((i) => i.channels === channels && i.height === height && i.width === width);
  return { shape: { channels, height, width }, pictures: await Promise.all(alike.map(async (i) => toUnit(await i.read()))) };
}

/** Uniform pixels from a fixed sequence: the same check every time. */
function random(models: Models, spec: Preprocessing): { shape: ImageShape; pictures: Float32Array[] } {
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
      return (state >>> 8) / 2 ** 24;
    }),
  );
  return { shape, pictures };
}

/** Whether any weight or input is in 16-bit floating point. */
export function usesHalf(graph: Graph): boolean {
  for (const tensor of graph.initializers.values()) if (tensor.dataType === DType.float16 || tensor.dataType === DType.bfloat16) return true;
  return false;
}

/** @throws UserError when the check failed: what is not right is refused by name, never guessed (design rule 5). */
export function demand(check: GradientCheck): void {
  if (check.ok) return;
  if (check.forwardError > 1e-3)
    throw new UserError(
      `The differentiated model does not compute what the original computes (relative error ${check.forwardError.toPrecision(2)}), so it is not attacked: please report this model.`,
    );
  throw new UserError(
    `The model's gradient disagrees with central differences (relative error ${Math.max(check.gradientError, check.tangentError ?? 0).toPrecision(2)}), so it is not attacked: please report this model.`,
  );
}
