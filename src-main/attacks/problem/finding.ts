import type { Distances } from '../../../shared/norms.ts';
import { distances } from '../../norms/distances.ts';
import { cleanOf } from '../attack.ts';
import { toPixels } from '../rounding/levels.ts';
import type { CountedProblem } from './counted.ts';

export interface ImageFinding {
  /** broken: an 8-bit picture reaches the goal (within a budget, if the attack has one). failed: NaN or infinity. */
  state: 'broken' | 'held' | 'failed';
  reason: string | null;
  /** Best point before rounding, pixels CHW, its margin and its distances; null when there was none. */
  floatPixels: Float32Array | null;
  floatMargin: number | null;
  float: Distances | null;
  /** The picture, levels CHW, and its distances; null unless broken. */
  eightBit: Uint8Array | null;
  eightBitDistances: Distances | null;
  /** The attack that found it: of a preset, one of its stages. */
  by: string | null;
  /** Of a held image, where it was asked for: the point within the largest budget that came nearest to the goal. */
  miss: Float32Array | null;
  /** Budget at which a fixed-budget attack broke the image; null otherwise. */
  epsilon: number | null;
  forwards: number;
  backwards: number;
}

/** Of an image that nothing has been tried on. */
export function nothing(): ImageFinding {
  return {
    state: 'held',
    reason: null,
    floatPixels: null,
    floatMargin: null,
    float: null,
    eightBit: null,
    eightBitDistances: null,
    by: null,
    miss: null,
    epsilon: null,
    forwards: 0,
    backwards: 0,
  };
}

/**
 * Adds what an attack came to on the image at place `at` of its problem; of points and of pictures the nearer one is kept.
 * @param picture levels CHW, or null
 */
export function record(finding: ImageFinding, problem: CountedProblem, at: number, picture: Uint8Array | null, by: string): void {
  const clean = cleanOf(problem, at);
  const { norm, found } = problem;
  const { channels } = problem.shape;
  finding.forwards += problem.forwards[at]!;
  finding.backwards += problem.backwards[at]!;
  const pixels = found.pixels(at);
  // A float success at a smaller budget that no picture could keep is still the nearer one.
  if (pixels && (!finding.float || found.distance(at) < finding.float[norm])) {
    finding.floatPixels = pixels;
    finding.floatMargin = found.margin(at);
    finding.float = distances(pixels, clean, channels);
  }
  const size = picture && distances(toPixels(picture), clean, channels);
  if (picture && size && (!finding.eightBitDistances || size[norm] < finding.eightBitDistances[norm])) {
    finding.state = 'broken';
    finding.eightBit = picture;
    finding.eightBitDistances = size;
    finding.by = by;
    finding.epsilon = problem.epsilon ?? null;
  }
  finding.miss = finding.eightBit ? null : (problem.lowestMargin?.pixels(at) ?? finding.miss);
  // What has been found stays found.
  if (!finding.eightBit && problem.failure[at] !== null) {
    finding.state = 'failed';
    finding.reason = problem.failure[at]!;
  }
}
