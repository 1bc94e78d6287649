import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { GradientCheck } from '../../shared/results.ts';
import { inspectGraph } from '../graph/index.ts';
import { imageVersions, openImages, toUnit } from '../images/index.ts';
import type { ImageSet } from '../images/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { readClassNames } from '../model/labels.ts';
import { checkGradient } from '../runtime/gradcheck.ts';
import { ortVersion } from '../runtime/ort.ts';
import { chooseProvider } from '../runtime/providers.ts';
import type { Original } from '../runtime/original.ts';
import { chooseRows, wantedRows } from '../runtime/rows.ts';
import { VERSION } from '../../shared/version.ts';
import { areNumbers } from './cleanJob.ts';
import { CHECKED, usesHalf } from './gradcheck.ts';
import { Models } from './models.ts';
import type { Setup } from './records.ts';

export interface Prepared {
  setup: Setup;
}

/**
 * Settles everything before the first attack: provider, batch shape, class scores, gradient check.
 * @throws UserError for a model, images or labels that cannot be audited, in one sentence.
 */
export async function prepare(plan: AuditPlan): Promise<Prepared> {
  const provider = await chooseProvider(plan.provider);
  const models = new Models({ ...plan, provider: provider.used });
  try {
    const first = (await openImages({ paths: plan.images, labels: null, offset: plan.offset, limit: 1 })).items[0]!;
    const picture: ImageShape = { channels: first.channels, height: first.height, width: first.width };
    const own = models.input.dims[0] ?? 1;
    const trial = await models.differentiable(picture, own);
    const { output } = trial.pixels;
    const classNames = plan.classNames === null ? null : await readClassNames(plan.classNames, output.classes);
    const set = await openSet(plan, output.classes, classNames);
    const { rows, note } = await chooseRows({ ...models.request, picture }, wantedRows(set.items.length));
    const model = await models.differentiable(picture, rows);
    const original = await models.original(output);
    const pictures = await checkable(set, picture, original);
    const gradientCheck = pictures.length > 0 ? await checkGradient(model, original, pictures, usesHalf(models.graph), 2) : UNCHECKED;
    const warnings = [...set.warnings, ...(note === null ? [] : [note])];
    if (gradientCheck !== UNCHECKED) demand(gradientCheck);
    else
      warnings.push(
        `The model gives NaN or infinity for every image of ${picture.width} x ${picture.height}, so its gradient was not checked, and there is nothing to attack: look at the preprocessing.`,
      );
    if (provider.used !== provider.asked) warnings.push(provider.why);
    if (gradientCheck.surrogates.length > 0)
      warnings.push(`Gradients pass ${gradientCheck.surrogates.join(', ')} by a straight-through surrogate, so what held may still break under another attack.`);
    const setup: Setup = {
      hairline: VERSION,
      model: inspectGraph(models.graph),
      input: models.input.name,
      classes: output.classes,
      output,
      classNames: classNames ?? (set.classNames?.length === output.classes ? set.classNames : null),
      images: set.items.map((i) => i.id),
      provider,
      rows,
      gradientCheck,
      versions: { hairline: VERSION, onnxruntime: ortVersion, node: process.versions.node, ...(await imageVersions()) },
      warnings,
    };
    return { setup };
  } finally {
    await models.close();
  }
}

/** Where no picture has scores, there is nothing to check and nothing to attack. */
const UNCHECKED: GradientCheck = { ok: false, forwardError: 0, gradientError: 0, directions: 0, surrogates: [] };

/** The first few pictures of one shape that the model gives numbers for. */
async function checkable(set: ImageSet, shape: ImageShape, original: Original): Promise<Float32Array[]> {
  const alike = set.items.filter((i) => i.channels === shape.channels && i.height === shape.height && i.width === shape.width);
  const pictures: Float32Array[] = [];
  for (const item of alike) {
    if (pictures.length === CHECKED) break;
    const pixels = toUnit(await item.read());
    if (areNumbers(await original.predict(pixels, shape))) pictures.push(pixels);
  }
  return pictures;
}

/** The plan's images, with labels checked against the model's classes. */
export function openSet(plan: AuditPlan, classes: number, classNames: string[] | null): Promise<ImageSet> {
  return openImages({ paths: plan.images, labels: plan.labels, offset: plan.offset, limit: plan.limit, classes, classNames });
}

/** @throws UserError when the check failed: what is not right is refused by name, never guessed (design rule 5). */
export function demand(check: GradientCheck): void {
  if (check.ok) return;
  if (check.forwardError > 1e-3)
    throw new UserError(
      `The differentiated model does not compute what the original computes (relative error ${check.forwardError.toPrecision(2)}), so it is not attacked: please report this model.`,
    );
  throw new UserError(
    `The model's gradient disagrees with central differences (relative error ${check.gradientError.toPrecision(2)}), so it is not attacked: please report this model.`,
  );
}
