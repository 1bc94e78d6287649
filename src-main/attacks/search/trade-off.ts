import { z } from 'zod';

/** The options of attacks that minimise distance + c · loss for a c that is searched for. */
export const tradeOffOptions = {
  steps: z.number().int().min(1).max(100_000).default(1000).describe('Gradient steps for each weight of the loss, at most.'),
  searches: z.number().int().min(1).max(100).default(9).describe('Weights of the loss that are tried, by bisection.'),
  initial: z.number().positive().max(1e6).default(1e-3).describe('The first of them; tenfold until one succeeds.'),
  confidence: z.number().min(0).max(1000).default(0).describe('How far below 0 the margin is driven, in logits.'),
  abort: z.boolean().default(true).describe('End the descent of an image whose objective has not fallen for a tenth of the steps.'),
};

/** Search for the smallest weight c of the loss that still succeeds (Carlini and Wagner 2017, section V): tenfold, then bisection. */
export class TradeOff {
  c: number;
  private lower = 0;
  private upper = Infinity;

  constructor(initial: number) {
    this.c = initial;
  }

  learn(success: boolean): void {
    if (success) this.upper = this.c;
    else this.lower = this.c;
    this.c = this.upper < Infinity ? (this.lower + this.upper) / 2 : 10 * this.c;
  }
}

/** Whether an objective has stopped falling: looked at ten times in a descent, as in Carlini and Wagner's code, but of each image by itself. */
export class Plateau {
  private readonly every: number;
  private last = Infinity;

  constructor(steps: number) {
    this.every = Math.max(1, Math.ceil(steps / 10));
  }

  reached(step: number, objective: number): boolean {
    if (step % this.every !== 0) return false;
    if (objective > 0.9999 * this.last) return true;
    this.last = objective;
    return false;
  }
}
