/** How long a step of Auto-PGD is, judged at checkpoints. */
export interface StepSizes {
  step: number;
  /** l1: share of the features that a step moves. */
  share: number;
  /** Told of each point in turn: whether the search goes back to the best one. */
  goesBack(loss: number, lowest: number, best: Float32Array): boolean;
}

/**
 * l2 and l∞ (Croce and Hein 2020, section 3.1): 2 ε, and half of it after each checkpoint at which
 *   1. fewer than ρ of the steps since the last one lowered the loss, or
 *   2. the step was not halved at the last one, and the lowest loss is the same as there.
 * The first checkpoint is after 22 % of the steps, and each window 3 % shorter than the one before, 6 % at least.
 */
export function steadySteps(epsilon: number, { steps, rho, checkpoint }: { steps: number; rho: number; checkpoint: number }): StepSizes {
  const whole = (share: number): number => Math.max(Math.floor(share * steps + 1e-9), 1);
  let window = whole(checkpoint);
  let [taken, fell, previous, atCheck, halved] = [-1, 0, Infinity, Infinity, true];
  return {
    step: 2 * epsilon,
    share: 1,
    goesBack(loss, lowest) {
      taken++;
      // The starting point, which no step led to.
      if (taken === 0) atCheck = lowest;
      else if (loss < previous) fell++;
      previous = loss;
      if (taken < window) return false;
      halved = fell <= rho * window || (!halved && atCheck <= lowest);
      if (halved) this.step /= 2;
      [taken, fell, atCheck] = [0, 0, lowest];
      window = Math.max(window - whole(0.03), whole(0.06));
      return halved;
    },
  };
}

/**
 * l1 (Croce and Hein 2021, section 3.2): after every 4 % of the steps a step moves two thirds as many features as the best
 * point has changed. Where these have become clearly fewer, the search goes back there with the whole step of ε; else
 * the step is divided by 1.5, down to a tenth of ε.
 * @param start where the search begins: the clean picture, or the best of a larger ball
 */
export function sparseSteps(epsilon: number, start: Float32Array, { steps, share }: { steps: number; share: number }): StepSizes {
  const features = start.length;
  const window = Math.max(Math.floor(0.04 * steps), 1);
  const begun = changed(start);
  const dense = begun === 0 || begun > features / 2;
  let [taken, before] = [-1, dense ? features : begun];
  return {
    step: epsilon,
    share: dense ? share : begun / features / 1.5,
    goesBack(_, __, best) {
      if (++taken < window) return false;
      taken = 0;
      const now = changed(best);
      this.share = now / features / 1.5;
      const sparser = now < 0.95 * before;
      this.step = sparser ? epsilon : Math.max(this.step / 1.5, epsilon / 10);
      before = now;
      return sparser;
    },
  };
}

function changed(delta: Float32Array): number {
  return delta.reduce((n, d) => n + (d === 0 ? 0 : 1), 0);
}
