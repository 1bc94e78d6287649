import type { Gate } from '../attacks/problem/counted.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import { PREVIEW_MOST } from '../../shared/preview.ts';
import type { Preview, PreviewPicture, PreviewRequest, PreviewWarning, Spread } from '../../shared/preview.ts';
import type { ClassScore } from '../../shared/results.ts';
import { fromUnit, toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import type { ImageInput } from '../model/network.ts';
import { networkInput } from '../model/network.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { perChannel } from '../model/preprocessing/channels.ts';
import { preprocess } from '../model/preprocessing/reference.ts';
import { readScores, topScores } from '../model/scores.ts';
import { openOriginalOutput } from '../runtime/original.ts';
import type { OriginalOutput } from '../runtime/original.ts';
import { areNumbers } from '../audit/cleanJob.ts';
import { modelEnds } from './inspect.ts';
import { FEWEST } from '../audit/chance.ts';
import { accuracyOf, findWarnings } from './previewChecks.ts';
import { tryOthers } from '../audit/trials.ts';

export interface PreviewTask extends Omit<PreviewRequest, 'images'> {
  pictures: (Picture & { id: string; label: number | null })[];
}

export interface Previewed {
  answer: Omit<Preview, 'preview'>;
  /** What the network reads of each, as a picture. */
  read: { image: string; picture: Picture }[];
}

/** A model as a preview needs it. A network that is no classifier is not run: its input is all there is to show. */
interface Held {
  input: ImageInput;
  classifier: { output: ClassifierOutput; original: OriginalOutput } | null;
}

/** Milliseconds that the trials of other preprocessings may take; a newer question ends them at once. */
const TRIAL_TIME = 20_000;

/** Shows pictures as the network reads them, and what the original model says of them. The model stays open between calls. */
export class PreviewSession {
  private key = '';
  private held: Promise<Held> | null = null;

  /**
   * @param key tells the model, its ends and its file from others
   * @throws UserError where pictures, preprocessing and model do not fit; Cancelled when the gate says so
   */
  async preview(task: PreviewTask, key: string, gate: Gate): Promise<Previewed> {
    const { input, classifier } = await this.open(task, key);
    const spec = task.preprocessing;
    const other = task.pictures.length >= FEWEST ? swappedOrder(spec) : null;
    const [pictures, read, values]: [PreviewPicture[], Previewed['read'], Values[]] = [[], [], []];
    let [runs, spent] = [0, 0];
    for (const { id, label, ...picture } of task.pictures.slice(0, PREVIEW_MOST)) {
      await gate.check();
      const pixels = toUnit(picture);
      const seen = readImage(input, spec, pixels, picture);
      values.push(seen);
      const score = async (order: Preprocessing | null): Promise<ClassScore | null> => {
        if (!order || !classifier) return null;
        const began = performance.now();
        const answer = await top(classifier, order, pixels, picture);
        [runs, spent] = [runs + 1, spent + performance.now() - began];
        return answer;
      };
      const colour = picture.channels === 3 && seen.planes.length === 3;
      const { width, height } = seen;
      pictures.push({
        image: id,
        width,
        height,
        channels: seen.planes.map((plane) => spreadOf([plane])),
        label,
        top: await score(spec),
        swapped: await score(colour ? other : null),
      });
      read.push({ image: id, picture: shown(seen, spec) });
    }
    const range = spreadOf(values.flatMap(({ planes }) => planes));
    const classes = classifier?.output.classes ?? 0;
    const better =
      task.trials && classifier ? await this.better(task, classifier, input, Math.floor((TRIAL_TIME * runs) / spent), gate) : null;
    const warnings = withBetter(findWarnings(spec, range, pictures, classes), better);
    return { answer: { pictures, range, accuracy: accuracyOf(pictures, classes), warnings }, read };
  }

  /** What an audit tries before it begins (`trials.ts`). @param most runs of the model */
  private async better(
    { pictures, preprocessing: given }: PreviewTask,
    classifier: NonNullable<Held['classifier']>,
    input: ImageInput,
    most: number,
    gate: Gate,
  ): Promise<Better | null> {
    const labelled = pictures.flatMap(({ label, ...picture }) => (label === null ? [] : [{ picture, label }]));
    const { channels } = networkInput(input, given, pictures[0]!, input.batch ?? 1).image;
    const tried = await tryOthers(classifier, given, { channels, dims: input.dims }, labelled, most, () => gate.check());
    if (!tried?.better) return null;
    const { preprocessing, values, shift, right } = tried.better;
    const { channels: order, layout } = preprocessing;
    return {
      kind: 'better',
      preprocessing,
      values,
      order: order === given.channels || order === 'grey' ? null : order,
      layout: layout === given.layout ? null : layout,
      shift,
      now: tried.now.right,
      then: right,
      of: tried.of,
    };
  }

  private async open(task: PreviewTask, key: string): Promise<Held> {
    if (this.key !== key || this.held === null) {
      const old = this.held;
      this.held = null;
      await (await old?.catch(() => null))?.classifier?.original.close();
      this.key = key;
      this.held = openModel(task);
      this.held.catch(() => (this.held = null));
    }
    return this.held;
  }
}

type Better = Extract<PreviewWarning, { kind: 'better' }>;

/** One of the two is told: of channels alone that they are swapped. */
function withBetter(warnings: PreviewWarning[], better: Better | null): PreviewWarning[] {
  if (better === null) return warnings;
  const alone =
    better.values === null &&
    better.layout === null &&
    better.shift === 0 &&
    warnings.some((one) => one.kind === 'swapped' && one.by === 'labels');
  return alone ? warnings : [...warnings.filter(({ kind }) => kind !== 'swapped'), better];
}

async function openModel({ model, preprocessing, pictures, ...wanted }: PreviewTask): Promise<Held> {
  const { graph, input, output } = await modelEnds(model, { ...wanted, ...sizeOf(preprocessing, pictures[0]) });
  if (!('classes' in output)) return { input, classifier: null };
  return {
    input,
    classifier: { output, original: await openOriginalOutput({ graph, input, preprocessing, output, provider: 'cpu', brief: true }) },
  };
}

/** What the network is given, or else what the pictures have. */
function sizeOf({ width, height }: Preprocessing, picture: Picture | undefined): { size?: { width: number; height: number } } {
  if (width !== null && height !== null) return { size: { width, height } };
  return picture ? { size: picture } : {};
}

async function top(
  { output, original }: NonNullable<Held['classifier']>,
  spec: Preprocessing,
  pixels: Float32Array,
  picture: Picture,
): Promise<ClassScore | null> {
  const scores = readScores(await original.under(spec).output(pixels, picture), output);
  return areNumbers(scores) ? topScores(scores, 1)[0]! : null;
}

/** Red and blue the other way round; null where there is no order. */
function swappedOrder(spec: Preprocessing): Preprocessing | null {
  return spec.channels === 'grey' ? null : { ...spec, channels: spec.channels === 'bgr' ? 'rgb' : 'bgr' };
}

/** The image's part of the network's input, channel by channel. */
interface Values {
  planes: Float32Array[];
  height: number;
  width: number;
}

/** By the preprocessing that judges every finding (`Original.read`), so this is what an audit's pictures go through. */
function readImage(input: ImageInput, spec: Preprocessing, pixels: Float32Array, picture: Picture): Values {
  const { image } = networkInput(input, spec, picture, input.batch ?? 1);
  const { data } = preprocess(spec, pixels, picture, image.channels);
  const { channels, height, width } = image;
  const [step, plane] = spec.layout === 'nhwc' ? [channels, 1] : [1, height * width];
  const planes = Array.from({ length: channels }, () => new Float32Array(height * width));
  for (const [c, values] of planes.entries()) for (let p = 0; p < values.length; p++) values[p] = data[p * step + c * plane]!;
  return { planes, height, width };
}

/**
 * Scale, mean and deviation undone, geometry and the order of channels not: the network's first channel is shown in red. Where the
 * preprocessing is right, that is the picture; where channels change places, so do the colours.
 */
function shown({ planes, height, width }: Values, spec: Preprocessing): Picture {
  const [means, stds] = [perChannel(spec.mean, planes.length, 'mean'), perChannel(spec.std, planes.length, 'std')];
  const unit = new Float32Array(planes.length * height * width);
  for (const [c, plane] of planes.entries())
    unit.set(
      plane.map((v) => (v * stds[c]! + means[c]!) / spec.scale),
      c * plane.length,
    );
  return fromUnit(unit, planes.length as 1 | 3, height, width);
}

function spreadOf(planes: readonly Float32Array[]): Spread {
  let [low, high, sum, squares, count] = [Infinity, -Infinity, 0, 0, 0];
  for (const plane of planes) {
    for (const v of plane) {
      low = Math.min(low, v);
      high = Math.max(high, v);
      sum += v;
    }
    count += plane.length;
  }
  const mean = sum / count;
  for (const plane of planes) for (const v of plane) squares += (v - mean) ** 2;
  return { low, high, mean, std: Math.sqrt(squares / count) };
}
