import type { AuditPlan } from '../../shared/plan.ts';
import { isLarge } from '../graph/index.ts';
import { valuesOf } from '../model/differentiable.ts';
import type { Differentiable, ImageShape } from '../model/differentiable.ts';
import { chooseProvider } from '../runtime/providers.ts';
import { chooseRows, wantedRows } from '../runtime/rows.ts';
import { Models } from '../audit/models.ts';
import type { ModelSource } from '../audit/models.ts';

export interface MeasureRequest {
  source: Omit<ModelSource, 'provider'> & Pick<AuditPlan, 'provider'>;
  picture: ImageShape;
  /** How many images there will be, on which the rows of a block depend. */
  images: number;
}

/** How long a block of rows takes, in milliseconds. */
export interface Measured {
  rows: number;
  /** What the model puts out: 2 classes and the values of its output, or its classes and 0. */
  classes: number;
  outputs: number;
  /** Whether an audit has but one worker for it, unless it is told otherwise. */
  large: boolean;
  forward: number;
  gradient: number;
}

/** Blocks before anything is timed, and how many are, at least and at most. */
const WARM = 1;
const LEAST = 3;
const MOST = 25;
/** Milliseconds after which a measurement is good enough. */
const ENOUGH = 400;

/** Times a forward pass and a gradient as attacks use them: the same provider, rows and picture size. */
export async function measure({ source, picture, images }: MeasureRequest): Promise<Measured> {
  const models = new Models({ ...source, provider: (await chooseProvider(source.provider)).used });
  try {
    const large = isLarge(models.graph);
    const takesOutput = await models.takesOutput(picture);
    const { rows } = await chooseRows(
      { ...models.request, picture },
      wantedRows(images, valuesOf(picture)),
      takesOutput ? { output: source.output } : {},
    );
    const window = models.window(picture, []);
    const { height, width } = window ?? picture;
    const pixels = Float32Array.from({ length: rows * picture.channels * height * width }, (_, j) => ((j * 37) % 256) / 255);
    if (takesOutput) {
      const network = await models.outputModel(picture, rows, window);
      const u = new Float32Array(rows * network.width).fill(1);
      return {
        rows,
        large,
        classes: 2,
        outputs: network.width,
        forward: await timed(() => network.output(pixels)),
        gradient: await timed(() => network.vjp(pixels, u)),
      };
    }
    const model: Differentiable = await models.differentiable(picture, rows, window);
    const label = new Int32Array(rows);
    return {
      rows,
      large,
      classes: model.classes,
      outputs: 0,
      forward: await timed(() => model.forward(pixels)),
      gradient: await timed(() => model.gradient('margin', pixels, label, null)),
    };
  } finally {
    await models.close();
  }
}

/** The median of a few times. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < WARM; i++) await run();
  const times: number[] = [];
  const began = performance.now();
  while (times.length < LEAST || (times.length < MOST && performance.now() - began < ENOUGH)) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
