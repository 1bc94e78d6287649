import { describe, expect, it } from 'vitest';
import { meanMeasures, outputMeasures } from '../../bench/balda/output-measures.ts';

const planes = { channels: 1, height: 12, width: 12 };
const even = (value: number): Float64Array => new Float64Array(144).fill(value);

describe('measures of an output', () => {
  it('closed forms: constant differences, pictures and vectors', () => {
    const found = outputMeasures(
      { changed: even(0.3), clean: even(0.2), peak: 1, planes },
      { changed: [5, 5], clean: [0, 10], peak: 50, planes: null },
    );
    expect(found.input).toBeCloseTo(20, 10);
    expect(found.output).toBeCloseTo(20, 10);
    expect(found.inputLikeness).toBeCloseTo((2 * 0.06 + 1e-4) / (0.13 + 1e-4), 10);
    expect(found.outputLikeness).toBeNull();
  });
  it('means of decibels leave out what is equal or has no SSIM', () => {
    const one = { input: 30, output: 10, inputLikeness: 0.9, outputLikeness: null };
    expect(meanMeasures([one, { input: 40, output: Infinity, inputLikeness: 0.7, outputLikeness: null }])).toEqual({
      input: 35,
      output: 10,
      inputLikeness: 0.8,
      outputLikeness: null,
    });
    expect(meanMeasures([]).input).toBeNaN();
  });
});
