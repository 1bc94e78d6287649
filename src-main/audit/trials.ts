import type { Preprocessing } from '../../shared/plan.ts';
import { PRESETS } from '../../shared/presets.ts';
import { spread } from '../../shared/spread.ts';
import { binomialTail } from '../../shared/stats.ts';
import type { Picture } from '../images/index.ts';
import { toUnit } from '../images/index.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { readScores } from '../model/scores.ts';
import type { OriginalField } from '../runtime/original.ts';
import { areNumbers } from './cleanJob.ts';
import { FEWEST } from './previewChecks.ts';
import { NO_CLASS } from './records.ts';

/** A picture whose class is known. */
export interface Labelled {
  picture: Picture;
  label: number;
}

/** A model that is asked. */
export interface Subject {
  original: OriginalField;
  output: ClassifierOutput;
}

/** How the labels fit under a preprocessing. */
export interface Trial {
  preprocessing: Preprocessing;
  /** What is other than in the preprocessing that was given, in words. */
  words: string;
  /** What has to be added to every label. */
  shift: -1 | 0 | 1;
  right: number;
}

/** Pictures that everything is tried on first, if there is time for so many, and those that the best are tried on. */
const FIRST = 16;
export const TRIED = 64;
/** Of the others, those that go on. */
const BEST = 3;
/** What as many pictures fit better by chance is no evidence; several were tried. */
const LEVEL = 0.01;

/** Values that published models were trained with: scale, mean and deviation. */
const VALUES: { words: string; of: Pick<Preprocessing, 'scale' | 'mean' | 'std'> }[] = [
  { words: 'values in [0,1]', of: PRESETS['unit']!.preprocessing },
  { words: 'values from 0 to 255', of: PRESETS['0..255']!.preprocessing },
  { words: 'values from -1 to 1', of: PRESETS['-1..1']!.preprocessing },
  { words: "ImageNet's mean and deviation", of: PRESETS['imagenet']!.preprocessing },
  { words: "CIFAR-10's mean and deviation", of: PRESETS['cifar10-norm']!.preprocessing },
  { words: "values from 0 to 255 less Caffe's mean pixel", of: PRESETS['imagenet-caffe']!.preprocessing },
  { words: "MNIST's mean and deviation", of: PRESETS['mnist-norm']!.preprocessing },
];

/** Other preprocessings that the pictures' labels may fit better, the one given first. */
export function candidates(given: Preprocessing, channels: number): Pick<Trial, 'preprocessing' | 'words'>[] {
  const orders = channels === 1 || given.channels === 'grey' ? [given.channels] : [given.channels, given.channels === 'bgr' ? ('rgb' as const) : ('bgr' as const)];
  const values = [{ words: '', of: given }, ...VALUES.filter(({ of }) => of.mean.length === 1 || of.mean.length === channels)];
  const known = new Map<string, Pick<Trial, 'preprocessing' | 'words'>>();
  for (const { words, of } of values)
    for (const order of orders) {
      const preprocessing = { ...given, scale: of.scale, mean: of.mean, std: of.std, channels: order };
      const turned = order === given.channels ? '' : order.toUpperCase();
      const key = JSON.stringify([order, of.scale, of.mean, of.std]);
      if (!known.has(key)) known.set(key, { preprocessing, words: [words, turned].filter(Boolean).join(', ') });
    }
  return [...known.values()];
}

/**
 * Tries other preprocessings on labelled pictures: all of them on a few, the best on more, and labels that count from
 * another class.
 * @param pictures at most `TRIED` are of use
 * @param channels that the network reads
 * @param most runs of the model; with fewer than it takes nothing is tried
 * @returns what is given, and what fits the labels better beyond chance (McNemar's exact test); null where there is nothing better, or
 *   too little to say so
 */
export async function tryOthers(subject: Subject, given: Preprocessing, channels: number, pictures: readonly Labelled[], most: number): Promise<{ now: Trial; better: Trial | null; of: number } | null> {
  const all = candidates(given, channels);
  const few = Math.min(FIRST, pictures.length, Math.floor(most / 2 / all.length));
  if (few < FEWEST) return null;
  const of = Math.min(TRIED, pictures.length, few + Math.floor((most - all.length * few) / (BEST + 1)));
  const used = spread(pictures, of);
  const first = spread(used, few);
  const scored: { trial: Pick<Trial, 'preprocessing' | 'words'>; shift: Trial['shift']; hits: number }[] = [];
  for (const trial of all) {
    const classes = await classesOf(subject, trial.preprocessing, first);
    for (const shift of [0, 1, -1] as const) scored.push({ trial, shift, hits: hits(classes, first, shift).filter(Boolean).length });
  }
  const [now, ...rest] = scored as [(typeof scored)[number], ...typeof scored];
  const best = rest.sort((a, b) => b.hits - a.hits).slice(0, BEST);
  const own = hits(await classesOf(subject, now.trial.preprocessing, used), used, 0);
  const count = (which: readonly boolean[]) => which.filter(Boolean).length;
  let better: Trial | null = null;
  for (const { trial, shift } of best) {
    const other = hits(await classesOf(subject, trial.preprocessing, used), used, shift);
    const gains = other.filter((hit, i) => hit && !own[i]).length;
    const losses = other.filter((hit, i) => !hit && own[i]).length;
    if (binomialTail(gains, gains + losses, 0.5) <= LEVEL && count(other) > (better?.right ?? 0)) better = { ...trial, shift, right: count(other) };
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

async function classesOf({ original, output }: Subject, preprocessing: Preprocessing, pictures: readonly Labelled[]): Promise<number[]> {
  const under = original.under(preprocessing);
  const found: number[] = [];
  for (const { picture } of pictures) {
    const scores = readScores(await under.output(toUnit(picture), picture), output);
    found.push(areNumbers(scores) ? scores.prediction : NO_CLASS);
  }
  return found;
}

const hits = (classes: readonly number[], pictures: readonly Labelled[], shift: number): boolean[] => classes.map((k, i) => k === pictures[i]!.label + shift);
