import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { writePicture } from '../audit/here.ts';

/*
 * Small classifiers of 8 x 8 grey pictures, honest ones and such with a planted defence. Each class has a pattern of its own; a picture is
 * grey with a little of its class's pattern and noise.
 */
const SIDE = 8;
const FEATURES = SIDE * SIDE;
export const CLASSES = 4;

const uniform = (count: number, seed: string): Float32Array => {
  const random = randomStream(seed);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
};

const patterns = Array.from({ length: CLASSES }, (_, k) => uniform(FEATURES, `pattern ${k}`));

/** Writes so many pictures, class by class into folders, of which the labels are read. */
export async function writePictures(folder: string, each: number): Promise<void> {
  for (const [k, pattern] of patterns.entries()) {
    mkdirSync(join(folder, `class ${k}`), { recursive: true });
    for (let i = 0; i < each; i++) {
      const noise = uniform(FEATURES, `noise ${k} ${i}`);
      await writePicture(
        join(folder, `class ${k}`, `${i}.png`),
        pattern.map((p, j) => 0.5 + 0.2 * p + 0.2 * noise[j]!),
        1,
        SIDE,
      );
    }
  }
}

type Layer = (b: GraphBuilder, x: string) => string;

/** Scores: how much of each class's pattern is in what comes in. */
const matched: Layer = (b, x) => {
  const centred = b.node('Sub', [x, b.scalar(0.5)]);
  const flat = b.node('Reshape', [centred, b.ints([-1, FEATURES])]);
  const weights = Float32Array.from({ length: FEATURES * CLASSES }, (_, i) => patterns[i % CLASSES]![Math.floor(i / CLASSES)]!);
  return b.node('MatMul', [flat, b.constant(weights, [FEATURES, CLASSES])]);
};

function classifier(before: Layer, after: Layer, classes = CLASSES): Uint8Array {
  const b = new GraphBuilder(emptyGraph('planted'));
  b.input('pixels', DType.float32, ['N', 1, SIDE, SIDE]);
  b.node('Identity', [after(b, matched(b, before(b, 'pixels')))], {}, { outputs: ['scores'] });
  b.output('scores', DType.float32, ['N', classes]);
  return saveGraph(b.graph).bytes;
}

const nothing: Layer = (_, x) => x;
/** Random features and a ReLU, beside what is there already. */
const hidden: Layer = (b, scores) => {
  const width = 16;
  const first = b.node('Relu', [b.node('MatMul', [scores, b.constant(uniform(CLASSES * width, 'first'), [CLASSES, width])])]);
  const more = b.node('MatMul', [first, b.constant(uniform(width * CLASSES, 'second'), [width, CLASSES])]);
  return b.node('Add', [scores, b.node('Mul', [more, b.scalar(0.2)])]);
};
const blurred: Layer = (b, x) =>
  b.node('Conv', [x, b.constant([0.05, 0.1, 0.05, 0.1, 0.4, 0.1, 0.05, 0.1, 0.05], [1, 1, 3, 3])], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  });
const squashed: Layer = (b, scores) => b.node('Tanh', [b.node('Mul', [scores, b.scalar(0.2)])]);

/** Nothing of these hides anything. */
export const HONEST: Record<string, Uint8Array> = {
  linear: classifier(nothing, nothing),
  'two layers': classifier(nothing, hidden),
  convolution: classifier(blurred, hidden),
  softmax: classifier(nothing, (b, scores) => b.node('Softmax', [scores], { axis: 1 })),
  squashed: classifier(nothing, squashed),
};

/** A picture of black and white: between two grey levels it is so steep, and elsewhere flat. */
export const zeroGradient = (): Uint8Array =>
  classifier((b, x) => {
    const steep = b.node('Mul', [b.node('Sub', [x, b.scalar(0.5)]), b.scalar(1e4)]);
    return b.node('Clip', [steep, b.scalar(0), b.scalar(1)]);
  }, nothing);

/** Only eight levels of a pixel count. */
export const roundedInput = (): Uint8Array =>
  classifier((b, x) => b.node('Div', [b.node('Round', [b.node('Mul', [x, b.scalar(8)])]), b.scalar(8)]), hidden);

/** Probabilities of which all but one are 0 in float32. */
export const saturated = (): Uint8Array => classifier(nothing, (b, scores) => b.node('Mul', [scores, b.scalar(1000)]));

/** One more class, for pictures that are farther from grey than any clean one: of 0.5 by so much, in the mean. */
export const rejecting = (from = 0.155): Uint8Array =>
  classifier(
    nothing,
    (b, scores) => {
      const away = b.node('Abs', [b.node('Sub', ['pixels', b.scalar(0.5)])]);
      const mean = b.node('ReduceMean', [away, b.ints([1, 2, 3])], { keepdims: 0 });
      const alarm = b.node('Mul', [b.node('Sub', [mean, b.scalar(from)]), b.scalar(600)]);
      return b.node('Concat', [scores, b.node('Reshape', [alarm, b.ints([-1, 1])])], { axis: 1 });
    },
    CLASSES + 1,
  );

export function writeModel(file: string, bytes: Uint8Array): string {
  writeFileSync(file, bytes);
  return file;
}
