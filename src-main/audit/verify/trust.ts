import { count } from '../../../shared/format.ts';
import { standing } from '../records.ts';
import type { Sources } from './sources.ts';
import type { Told } from './told.ts';

/**
 * What no comparison of files can show, each as the end of "On trust: ".
 * @param sampled whether some attacks are run again
 */
export function onTrust(
  { state, setup, plan }: Told,
  { labels, originals }: Pick<Sources, 'labels' | 'originals'>,
  sampled: boolean,
): string[] {
  const findings = [...state.findings.values()];
  const of = (...states: string[]) => new Set(findings.filter((one) => states.includes(one.state)).map(({ image }) => image)).size;
  const [unbroken, broken] = [of('held', 'failed'), of('broken')];
  const wrong = [...state.images.values()].filter((image) => standing(image) === 'none').length;
  const images = (n: number) => `${count(n)} ${n === 1 ? 'image' : 'images'}`;
  const trust: string[] = [];
  if (unbroken - wrong > 0)
    trust.push(
      `that the attacks that are said to have found nothing on ${images(unbroken)} were run${sampled ? ', but for those run again' : ' (repeat a sample: --repeat 5)'}`,
    );
  if (broken > 0) trust.push('the distances in floating point');
  if (findings.length > 0) trust.push('the numbers of queries');
  if (!labels && setup.output === null && [...state.images.values()].some((image) => image.labelGiven)) trust.push('the labels');
  if (!originals && state.images.size > 0)
    trust.push(
      `that the clean pictures are those of ${plan.images.length === 1 ? plan.images[0]!.split(/[\\/]/).filter(Boolean).at(-1)! : 'the plan'} (name them: --images)`,
    );
  trust.push('times, versions, machine and gradient check', 'that not all files were changed alike');
  return trust;
}
