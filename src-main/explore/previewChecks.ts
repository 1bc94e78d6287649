import type { Preprocessing } from '../../shared/plan.ts';
import type { PreviewPicture, PreviewWarning, Spread } from '../../shared/preview.ts';
import { binomialTail } from '../../shared/stats.ts';
import { chanceOf, FEWEST, LEVEL } from '../audit/chance.ts';

/** Values in [0,1] that were divided by 255 once more are far below this. */
const TINY = 1 / 64;
/** Pictures of 0 to 255, less any mean, stay within. */
const HUGE = 300;
/** Farther from mean 0 and deviation 1 than pictures get that were normalised by their data's own: near-white ones reach 2.6. */
const CENTRE = 3;
const DEVIATION = { least: 0.05, most: 3 };
/** Surer by less than this on average is not worth a word. */
const SURER = 0.05;

/** What looks wrong about a preprocessing, from what the network read under it and said of it. */
export function findWarnings(spec: Preprocessing, range: Spread, pictures: readonly PreviewPicture[], classes: number): PreviewWarning[] {
  return [...rangeWarnings(spec, range), ...swapped(spec, pictures), ...chance(pictures, classes)];
}

/** What the values alone say. Which range the network was trained for is in no file, so little is sure. */
export function rangeWarnings({ mean, std, scale }: Preprocessing, range: Spread): PreviewWarning[] {
  const { low, high } = range;
  if (low === high) return [{ kind: 'flat', value: low }];
  if (low >= 0 && high <= TINY) return [{ kind: 'tiny', high }];
  if (low < -HUGE || high > HUGE) return [{ kind: 'huge', low, high }];
  const undivided = std.every((s) => s === 1);
  if (undivided && mean.every((m) => m === 0)) return [];
  // With a mean alone the values keep the size of `scale`.
  const unit = undivided ? scale : 1;
  const [centre, deviation] = [range.mean / unit, range.std / unit];
  const fine = Math.abs(centre) <= CENTRE && deviation >= DEVIATION.least && deviation <= DEVIATION.most;
  return fine ? [] : [{ kind: 'unlike', mean: range.mean, std: range.std }];
}

/** Labels hit among the labelled pictures; null where there are none, or no classes. */
export function accuracyOf(pictures: readonly PreviewPicture[], classes: number): { right: number; of: number } | null {
  const labelled = pictures.filter(({ label }) => label !== null);
  return classes === 0 || labelled.length === 0
    ? null
    : { right: labelled.filter(({ top, label }) => top?.class === label).length, of: labelled.length };
}

/** What an audit says of it, of these pictures. */
function chance(pictures: readonly PreviewPicture[], classes: number): PreviewWarning[] {
  const answers = pictures.flatMap(({ top, label }) => (label === null ? [] : [{ prediction: top?.class ?? null, label }]));
  const found = classes === 0 ? null : chanceOf(answers, classes);
  return found === null ? [] : [{ kind: 'chance', ...found, classes }];
}

/** The same pictures both ways, picture by picture: McNemar's exact test on labels, else the sign test on how sure the model is. */
function swapped(spec: Preprocessing, pictures: readonly PreviewPicture[]): PreviewWarning[] {
  const both = pictures.filter((one) => one.top !== null && one.swapped !== null);
  const labelled = both.filter(({ label }) => label !== null);
  const byLabels = labelled.length >= FEWEST;
  const used = byLabels ? labelled : both;
  if (used.length < FEWEST) return [];
  const value = (one: PreviewPicture, way: 'top' | 'swapped'): number =>
    byLabels ? Number(one[way]!.class === one.label) : one[way]!.probability;
  const gains = used.map((one) => value(one, 'swapped') - value(one, 'top'));
  const better = gains.filter((gain) => gain > 0).length;
  const worse = gains.filter((gain) => gain < 0).length;
  if (binomialTail(better, better + worse, 0.5) > LEVEL) return [];
  const sum = (way: 'top' | 'swapped'): number => used.reduce((total, one) => total + value(one, way), 0);
  const [now, then] = byLabels ? [sum('top'), sum('swapped')] : [sum('top') / used.length, sum('swapped') / used.length];
  if (!byLabels && then - now < SURER) return [];
  return [
    { kind: 'swapped', use: spec.channels === 'bgr' ? 'rgb' : 'bgr', by: byLabels ? 'labels' : 'probability', now, then, of: used.length },
  ];
}
