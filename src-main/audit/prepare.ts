import { count } from '../../shared/format.ts';
import { UNCHECKED } from '../../shared/gradientCheck.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { spread } from '../../shared/spread.ts';
import { budgetNotes } from '../../shared/reach.ts';
import { inspectGraph } from '../graph/index.ts';
import { imageVersions, openImages, toUnit } from '../images/index.ts';
import type { ImageSet, OpenRequest } from '../images/index.ts';
import { mostValues, valuesOf } from '../model/differentiable.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { scoreNotes } from '../model/output.ts';
import type { ClassList } from '../model/ordered.ts';
import { namedClasses } from './classes.ts';
import { checkProducts, checkGradient } from '../runtime/gradcheck.ts';
import { ortVersion } from '../runtime/ort.ts';
import { fallbackNote } from '../runtime/placement.ts';
import { chooseProvider, PROVIDER_NAME } from '../runtime/providers.ts';
import { chooseRows, wantedRows } from '../runtime/rows.ts';
import type { RowChoice } from '../runtime/rows.ts';
import { TOLERANCE } from '../runtime/stepwise.ts';
import type { CheckOptions } from '../runtime/stepwise.ts';
import { VERSION } from '../../shared/version.ts';
import { asksForGradients } from '../attacks/registry.ts';
import { areNumbers } from './cleanJob.ts';
import { boundedWork, CHECKED, demand, usesHalf } from './gradcheck.ts';
import { toldText } from './dropped.ts';
import { firstLook, unfixedNote } from './firstLook.ts';
import { latentNotes } from '../model/latent.ts';
import { Models } from './models.ts';
import { hashNamed } from './namedFiles.ts';
import { besideNotes, demandBudgets, rangeOf } from './plan.ts';
import { onOutput, outputAim } from '../goals/index.ts';
import type { Setup } from './records.ts';
import { checkSurrogates, surrogatesOf } from './surrogates.ts';
import { betterWords, TRIED, tryOthers } from './trials.ts';
import type { Labelled } from './trials.ts';

export interface Prepared {
  setup: Setup;
}

/** Random directions that an audit's own check wants. */
const DIRECTIONS = 2;

/**
 * Settles everything before the first attack: provider, batch shape, class scores, gradient check.
 * @param tell told how far the gradient check is
 * @throws UserError for a model, images or labels that cannot be audited, in one sentence.
 */
export async function prepare(plan: AuditPlan, tell: CheckOptions['tell']): Promise<Prepared> {
  const provider = await chooseProvider(plan.provider);
  const models = new Models({ ...plan, provider: provider.used });
  try {
    const first = (await openImages({ ...rangeOf(plan), labels: plan.labels, unlabelled: true, look: 'all', enough: 1 })).items[0]!;
    demandBudgets(plan, first);
    const setup = await settle(plan, provider, models, first, (classes, list) => openSet(plan, classes, list, { look: 'all' }), tell);
    const files = await hashNamed(plan);
    const warnings = setup.warnings.map((warning) => toldText(plan, warning));
    const { leftOut } = setup;
    return {
      setup: {
        ...setup,
        warnings,
        ...(leftOut && {
          leftOut: { ...leftOut, files: leftOut.files.map(({ source, reason }) => ({ source, reason: toldText(plan, reason) })) },
        }),
        ...(files.length > 0 && { files }),
      },
    };
  } finally {
    await models.close();
  }
}

/** The images of an audit, once the model's classes are known. */
type Open = (classes: number, list: ClassList | null) => Promise<ImageSet>;

/**
 * The same for a model that is open already.
 * @param first shape of the first image
 */
export async function settle(
  plan: AuditPlan,
  provider: Setup['provider'],
  models: Models,
  first: ImageShape,
  open: Open,
  tell: CheckOptions['tell'] = () => undefined,
): Promise<Setup> {
  const picture: ImageShape = { channels: first.channels, height: first.height, width: first.width };
  const subject = onOutput(plan)
    ? await outputNetwork(plan, models, picture, open, tell)
    : await classifier(plan, models, picture, open, tell);
  const { set, rows, note, gradientCheck, classNames } = subject;
  const out = leftOut(set);
  const warnings = [
    ...(plan.guess === undefined ? [] : [`The preprocessing is a guess. ${plan.guess}`]),
    ...(out.leftOut ? [leftOutNote(set.items.length, out.leftOut.total)] : []),
    ...budgetNotes(plan.threats),
    ...besideNotes(plan),
    ...unfixedNote(models.input, plan.fixed),
    ...set.warnings,
    ...(note === null ? [] : [note]),
    ...subject.warnings,
  ];
  // Where no picture has scores, there is nothing to check and nothing to attack.
  if (gradientCheck !== UNCHECKED) warnings.push(...demand(gradientCheck));
  else
    warnings.push(
      `The model gives NaN or infinity for every image of ${picture.width} x ${picture.height}, so its gradient was not checked, and there is nothing to attack: look at the preprocessing.`,
    );
  if (provider.used !== provider.asked) warnings.push(provider.why);
  const fallback = fallbackNote(PROVIDER_NAME[provider.used], gradientCheck.fallbacks);
  if (fallback !== null) warnings.push(fallback);
  if (gradientCheck.straightThrough.length > 0)
    warnings.push(
      `Gradients pass ${gradientCheck.straightThrough.join(', ')} by a straight-through surrogate, which is not the derivative and was held against nothing, so what held may still break under another attack.${roughly(gradientCheck.forwardError)}`,
    );
  return {
    hairline: VERSION,
    model: inspectGraph(models.graph),
    surrogates: surrogatesOf(plan).map((surrogate) => inspectGraph(models.surrogate(surrogate).graph)),
    input: models.input.name,
    classes: subject.classes,
    scores: subject.scores,
    output: subject.output,
    classNames,
    images: set.items.map((i) => i.id),
    ...(set.bitsFound !== undefined && { bits: set.bitsFound }),
    ...(set.byFolders && { folders: 'by-name' }),
    ...out,
    ...(set.drawn && { drawn: set.drawn }),
    provider,
    rows,
    gradientCheck,
    versions: { hairline: VERSION, onnxruntime: ortVersion, node: process.versions.node, ...(await imageVersions()) },
    warnings,
  };
}

/** What is between the derived graph and the file where values lie on the edge of a quantiser's step. */
function roughly(error: number): string {
  return error <= TOLERANCE.forward
    ? ''
    : ` The forward passes of the two differ by ${error.toPrecision(2)} of the largest score, as steps of a quantiser do: what breaks is judged by the file itself.`;
}

/** What is settled of a model, by what its goals are on. */
interface Subject extends Pick<Setup, 'classes' | 'scores' | 'output' | 'classNames' | 'gradientCheck'>, RowChoice {
  set: ImageSet;
  /** Of the surrogates. */
  warnings: string[];
}

async function classifier(plan: AuditPlan, models: Models, picture: ImageShape, open: Open, tell: CheckOptions['tell']): Promise<Subject> {
  const trial = await models.differentiable(picture, models.input.batch ?? 1);
  const { output } = trial.pixels;
  const { list, note: namesNote } = await namedClasses(plan, models.graph, output.classes);
  const set = await open(output.classes, list);
  const gradients = asksForGradients(plan);
  const choice = await chooseRows({ ...models.request, picture }, wantedRows(set.items.length, mostValues(set.items)), { gradients });
  const model = await models.differentiable(picture, choice.rows);
  const original = await models.original(output);
  const pictures = await checkable(set, picture, async (pixels) => areNumbers(await original.predict(pixels, picture)));
  const gradientCheck =
    pictures.length > 0
      ? await checkGradient(model, original, pictures, {
          half: usesHalf(models.graph),
          directions: DIRECTIONS,
          forwardOnly: !gradients,
          spent: boundedWork(model.pixels.work),
          tell,
        })
      : UNCHECKED;
  const labelled = await readLabelled(set);
  const runs = TRIAL_WORK / (model.pixels.work / choice.rows + READING * mostValues(set.items));
  const looked = await firstLook(models, original, output, set, runs);
  const tried = await tryOthers(
    { original, output },
    plan.preprocessing,
    { channels: model.pixels.network.image.channels, dims: models.input.dims },
    labelled,
    Math.floor(runs),
  );
  const better = tried === null ? null : betterWords(tried);
  const classNames = list?.names ?? (set.classNames?.length === output.classes ? set.classNames : null);
  const common = await checkSurrogates(surrogatesOf(plan), models, picture, choice.rows, output.classes, pictures);
  return {
    set,
    ...choice,
    ...common,
    warnings: [
      ...scoreNotes(output),
      ...looked,
      ...(namesNote === null ? [] : [namesNote]),
      ...(better === null ? [] : [better]),
      ...common.warnings,
    ],
    gradientCheck,
    classes: output.classes,
    scores: output,
    output: null,
    classNames,
  };
}

/** Multiplications of what is tried beside the preprocessing that is given: at most about half a minute. */
const TRIAL_WORK = 6e11;
/** What it takes to read a value of a picture, in multiplications. */
const READING = 100;
/** Bytes of pictures that are held for it. */
const TRIAL_BYTES = 2 ** 28;

/** Pictures from all over the set whose class is known. */
async function readLabelled(set: ImageSet): Promise<Labelled[]> {
  const found: Labelled[] = [];
  let bytes = 0;
  for (const item of spread(
    set.items.filter(({ label }) => label !== null),
    TRIED,
  )) {
    bytes += valuesOf(item);
    if (bytes > TRIAL_BYTES) break;
    found.push({ picture: await item.read(), label: item.label! });
  }
  return found;
}

async function outputNetwork(
  plan: AuditPlan,
  models: Models,
  picture: ImageShape,
  open: Open,
  tell: CheckOptions['tell'],
): Promise<Subject> {
  const { output } = (await models.outputModel(picture, models.input.batch ?? 1)).model;
  const set = await open(2, null);
  const gradients = asksForGradients(plan);
  const choice = await chooseRows({ ...models.request, picture }, wantedRows(set.items.length, mostValues(set.items)), {
    output: plan.output,
    gradients,
  });
  const model = await models.outputModel(picture, choice.rows);
  const original = await models.originalOutput(output);
  const pictures = await checkable(set, picture, async (pixels) => (await original.output(pixels, picture)).every(Number.isFinite));
  const gradientCheck =
    pictures.length > 0
      ? await checkProducts(model, original, pictures, {
          half: usesHalf(models.graph),
          directions: DIRECTIONS,
          forwardOnly: !gradients,
          spent: boundedWork(model.model.work),
          tell,
        })
      : UNCHECKED;
  // A reference that does not fit is told now, not at the first attack.
  for (const { goal } of plan.threats) if (pictures.length > 0) await outputAim(goal).reference(original, pictures[0]!, picture, output);
  return {
    set,
    ...choice,
    warnings: latentNotes(models.input, output),
    gradientCheck,
    classes: 2,
    scores: null,
    output,
    classNames: ['unbroken', 'broken'],
  };
}

/** The first few pictures of one shape that the model gives numbers for. */
async function checkable(set: ImageSet, shape: ImageShape, isFine: (pixels: Float32Array) => Promise<boolean>): Promise<Float32Array[]> {
  const alike = set.items.filter((i) => i.channels === shape.channels && i.height === shape.height && i.width === shape.width);
  const pictures: Float32Array[] = [];
  for (const item of alike) {
    if (pictures.length === CHECKED) break;
    const pixels = toUnit(await item.read());
    if (await isFine(pixels)) pictures.push(pixels);
  }
  return pictures;
}

/** Files that are named; of the rest the number is told. */
const NAMED = 10_000;

/** What results say of the files that were left out; nothing where there is none. */
function leftOut({ leftOut: files }: ImageSet): Pick<Setup, 'leftOut'> {
  return files.length > 0 ? { leftOut: { total: files.length, files: files.slice(0, NAMED) } } : {};
}

function leftOutNote(taken: number, left: number): string {
  return `${count(taken)} ${taken === 1 ? 'image was' : 'images were'} taken, and ${count(left)} of the files given ${left === 1 ? 'was' : 'were'} left out, each with its reason.`;
}

/** The plan's images, with labels checked against the model's classes; goals on an output have no use for any. */
export function openSet(
  plan: AuditPlan,
  classes: number,
  list: ClassList | null,
  how: Pick<OpenRequest, 'look' | 'only' | 'foldersByOrder' | 'bitsFound'>,
): Promise<ImageSet> {
  return openImages({
    ...rangeOf(plan),
    labels: plan.labels,
    classes,
    classNames: list?.names ?? null,
    classIds: list?.ids ?? null,
    unlabelled: onOutput(plan),
    ...how,
  });
}
