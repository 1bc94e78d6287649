import { composeGradient, composePixels } from '../../src-main/model/compose.ts';
import { inspectGraph } from '../../src-main/graph/index.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { openOriginal } from '../../src-main/runtime/original.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { pixelsFor, requestFor } from '../gradient/measure.ts';

/** How far the derived model is off, relatively: its logits from the original's, its gradient from a difference quotient. */
export interface Errors {
  logits: number;
  slope: number;
}

const request = (file: string, rows: number) => requestFor({ file, batch: rows, threads: 2 });

/** What a process is asked to do with a model, each from the start. */
export const STAGES: Record<string, (file: string, rows: number) => Promise<Errors | void>> = {
  async load(file, rows) {
    request(file, rows);
  },
  async inspect(file, rows) {
    inspectGraph(request(file, rows).graph);
  },
  async differentiate(file, rows) {
    const model = await composePixels({ ...request(file, rows), trace: traceFacts });
    await composeGradient(model, 'margin', false, traceFacts);
  },
  async forward(file, rows) {
    const asked = request(file, rows);
    await (await openDifferentiable(asked)).forward(pixelsFor(asked));
  },
  async gradient(file, rows) {
    const asked = request(file, rows);
    await (await openDifferentiable(asked)).gradient('margin', pixelsFor(asked), new Int32Array(rows), null);
  },
  /** As in an audit: the forward pass, the gradient and the original by turns. */
  async all(file, rows) {
    const asked = request(file, rows);
    const model = await openDifferentiable(asked);
    const original = await openOriginal({ ...asked, output: model.pixels.output });
    const pixels = pixelsFor(asked);
    const first = pixels.slice(0, pixels.length / rows);
    const label = new Int32Array(rows);
    const { logits } = await model.forward(pixels);
    const expected = (await original.predict(first, asked.picture)).logits;
    const { gradient } = await model.gradient('cross-entropy', pixels, label, null);
    // Along the gradient, which is where a step changes most.
    const length = Math.hypot(...gradient.subarray(0, first.length));
    const moved = async (step: number) => {
      const x = pixels.slice();
      for (let i = 0; i < first.length; i++) x[i]! += (step * gradient[i]!) / length;
      return (await model.gradient('cross-entropy', x, label, null)).loss[0]!;
    };
    const quotient = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
    await model.forward(pixels);
    const scale = Math.max(...expected.map(Math.abs));
    return { logits: Math.max(...expected.map((z, k) => Math.abs(z - logits[k]!))) / scale, slope: Math.abs(quotient / length - 1) };
  },
};

/** Length of a step in the space of pixels. */
const STEP = 0.05;
