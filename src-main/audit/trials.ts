import { UserError } from '../../shared/errors.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import { PRESETS } from '../../shared/presets.ts';
import type { TrialValues } from '../../shared/preview.ts';
import { spread } from '../../shared/spread.ts';
import { binomialTail } from '../../shared/stats.ts';
import type { Picture } from '../images/index.ts';
import { toUnit } from '../images/index.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { readScores } from '../model/scores.ts';
import type { OriginalOutput } from '../runtime/original.ts';
import { areNumbers } from './cleanJob.ts';
import { FEWEST } from './chance.ts';
import { NO_CLASS } from './records.ts';

/** A picture whose class is known. */
export interface Labelled {
  picture: Picture;
  label: number;
}

/** A model that is asked. */
export interface Subject {
  original: OriginalOutput;
  output: ClassifierOutput;
}

/** What a network reads of a picture: its channels, and the dimensions that its input declares, batch first; null where open. */
export interface Read {
  channels: number;
  dims: readonly (number | null)[];
}

/** How the labels fit under a preprocessing. */
export interface Trial {
  preprocessing: Preprocessing;
  /** Preset whose scale, mean and deviation these are; null: those that were given. */
  values: TrialValues | null;
  /** What is other than in the preprocessing that was given, in words. */
  words: string;
  /** What has to be added to every label. */
  shift: -1 | 0 | 1;
  right: number;
}

type Untried = Pick<Trial, 'preprocessing' | 'values' | 'words'>;

/** Pictures that everything is tried on first, if there is time for so many, and those that the best are tried on. */
const FIRST = 16;
export const TRIED = 64;
/** Of the others, those that go on. */
const BEST = 3;
/** What as many pictures fit better by chance is no evidence; several were tried. */
const LEVEL = 0.01;

/** Values that published models were trained with: scale, mean and deviation. */
const VALUES: { values: TrialValues; words: string; of: Pick<Preprocessing, 'scale' | 'mean' | 'std'> }[] = [
  { values: 'unit', words: 'values in [0,1]', of: PRESETS['unit']!.preprocessing },
  { values: '0..255', words: 'values from 0 to 255', of: PRESETS['0..255']!.preprocessing },
  { values: '-1..1', words: 'values from -1 to 1', of: PRESETS['-1..1']!.preprocessing },
  { values: 'imagenet', words: "ImageNet's mean and deviation", of: PRESETS['imagenet']!.preprocessing },
  { values: 'cifar10-norm', words: "CIFAR-10's mean and deviation", of: PRESETS['cifar10-norm']!.preprocessing },
  { values: 'imagenet-caffe', words: "values from 0 to 255 less Caffe's mean pixel", of: PRESETS['imagenet-caffe']!.preprocessing },
  { values: 'mnist-norm', words: "MNIST's mean and deviation", of: PRESETS['mnist-norm']!.preprocessing },
];

/**
 * Layouts that an input's shape leaves open: one after the other channels of flat values, or four dimensions of which either may be
 * the channels.
 * @param dims declared, batch first; null where open
 */
function layouts(given: Preprocessing['layout'], dims: readonly (number | null)[], channels: number): Preprocessing['layout'][] {
  const fits = (d: number | null | undefined) => d === null || d === channels;
  const open =
    channels > 1 &&
    (dims.length === 2 || (dims.length === 4 && fits(dims[1]) && fits(dims[3]) && (dims[1] === null) === (dims[3] === null)));
  return open ? [given, given === 'nhwc' ? 'nchw' : 'nhwc'] : [given];
}

/**
 * Other preprocessings that the pictures' labels may fit better, the one given first.
 * @param network what it reads: its channels, and the dimensions its input declares
 */
export function candidates(given: Preprocessing, { channels, dims }: Read): Untried[] {
  const orders =
    channels === 1 || given.channels === 'grey'
      ? [given.channels]
      : [given.channels, given.channels === 'bgr' ? ('rgb' as const) : ('bgr' as const)];
  const all = [{ values: null, words: '', of: given }, ...VALUES.filter(({ of }) => of.mean.length === 1 || of.mean.length === channels)];
  const known = new Map<string, Untried>();
  for (const layout of layouts(given.layout, dims, channels))
    for (const { values, words, of } of all)
      for (const order of orders) {
        const preprocessing = { ...given, scale: of.scale, mean: of.mean, std: of.std, channels: order, layout };
        const turned = order === given.channels ? '' : order.toUpperCase();
        const laid = layout === given.layout ? '' : layout.toUpperCase();
        const key = JSON.stringify([order, layout, of.scale, of.mean, of.std]);
        if (!known.has(key)) known.set(key, { preprocessing, values, words: [words, turned, laid].filter(Boolean).join(', ') });
      }
  return [...known.values()];
}

/**
 * Tries other preprocessings on labelled pictures: all of them on a few, the best on more, and labels that count from
 * another class.
 * @param pictures at most `TRIED` are of use
 * @param most runs of the model; with fewer than it takes nothing is tried
 * @param check called between two runs; what it throws ends the trials
 * @returns what is given, and what fits the labels better beyond chance (McNemar's exact test); null where there is nothing better, or
 *   too little to say so
 */
export async function tryOthers(
  subject: Subject,
  given: Preprocessing,
  network: Read,
  pictures: readonly Labelled[],
  most: number,
  check: () => void | Promise<void> = () => undefined,
): Promise<{ now: Trial; better: Trial | null; of: number } | null> {
  const all = candidates(given, network);
  const few = Math.min(FIRST, pictures.length, Math.floor(most / 2 / all.length));
  if (few < FEWEST) return null;
  const of = Math.min(TRIED, pictures.length, few + Math.floor((most - all.length * few) / (BEST + 1)));
  const classesOf = (preprocessing: Preprocessing, shown: readonly Labelled[]) => classesUnder(subject, preprocessing, shown, check);
  const used = spread(pictures, of);
  const first = spread(used, few);
  const scored: { trial: Untried; shift: Trial['shift']; hits: number }[] = [];
  for (const trial of all) {
    const classes = await classesOf(trial.preprocessing, first);
    for (const shift of [0, 1, -1] as const) scored.push({ trial, shift, hits: hits(classes, first, shift).filter(Boolean).length });
  }
  const [now, ...rest] = scored as [(typeof scored)[number], ...typeof scored];
  const best = rest.sort((a, b) => b.hits - a.hits).slice(0, BEST);
  const own = hits(await classesOf(now.trial.preprocessing, used), used, 0);
  const count = (which: readonly boolean[]) => which.filter(Boolean).length;
  let better: Trial | null = null;
  for (const { trial, shift } of best) {
    const other = hits(await classesOf(trial.preprocessing, used), used, shift);
    const gains = other.filter((hit, i) => hit && !own[i]).length;
    const losses = other.filter((hit, i) => !hit && own[i]).length;
    if (binomialTail(gains, gains + losses, 0.5) <= LEVEL && count(other) > (better?.right ?? 0))
      better = { ...trial, shift, right: count(other) };
  }
  return { now: { ...now.trial, shift: 0, right: count(own) }, better, of };
}

/** What there is to warn of. */
export function betterWords({ now, better, of }: NonNullable<Awaited<ReturnType<typeof tryOthers>>>): string | null {
  if (better === null) return null;
  const labels = better.shift === 0 ? '' : `every label ${better.shift > 0 ? 'one higher' : 'one lower'}`;
  const what = [better.words, labels].filter(Boolean).join(' and ');
  return `The preprocessing or the labels look wrong: with ${what}, ${better.right} of ${of} labelled pictures are right instead of ${now.right}.`;
}

async function classesUnder(
  { original, output }: Subject,
  preprocessing: Preprocessing,
  pictures: readonly Labelled[],
  check: () => void | Promise<void>,
): Promise<number[]> {
  const under = original.under(preprocessing);
  const found: number[] = [];
  for (const { picture } of pictures) {
    await check();
    const scores = await under.output(toUnit(picture), picture).then((values) => readScores(values, output), refused);
    found.push(scores && areNumbers(scores) ? scores.prediction : NO_CLASS);
  }
  return found;
}

/** A layout that the model does not take is one that fits no label. */
function refused(error: unknown): null {
  if (error instanceof UserError) return null;
  throw error;
}

const hits = (classes: readonly number[], pictures: readonly Labelled[], shift: number): boolean[] =>
  classes.map((k, i) => k === pictures[i]!.label + shift);
