import { create } from '@bufbuild/protobuf';
import { writeFileSync } from 'node:fs';
import { OperatorSetIdProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation, TensorProtoSchema } from 'onnx-buf';
import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';

/** Small models written here, right and wrong ones. All read 3 x 32 x 32 pictures, as the sample's are. */
const PIXELS = ['N', 3, 32, 32] as const;
const FEATURES = 3 * 32 * 32;

/** Weights that look random and are always the same, in [-1, 1). */
function weights(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

function model(build: (b: GraphBuilder) => void, inputs = ['pixels']): Uint8Array {
  const b = new GraphBuilder(emptyGraph('test'));
  for (const name of inputs) b.input(name, DType.float32, PIXELS);
  build(b);
  return saveGraph(b.graph).bytes;
}

const flat = (b: GraphBuilder, x = 'pixels'): string => b.node('Reshape', [x, b.ints([-1, FEATURES])]);
const linear = (b: GraphBuilder, x: string, classes: number, seed = 7): string =>
  b.node('MatMul', [x, b.constant(weights(FEATURES * classes, seed), [FEATURES, classes])]);
const answer = (b: GraphBuilder, scores: string, classes: number): void => {
  b.node('Identity', [scores], {}, { outputs: ['scores'] });
  b.output('scores', DType.float32, ['N', classes]);
};

/** Two classes by the mean of all pixels: class 1 above a threshold. */
export const brightness = (threshold: number): Uint8Array =>
  model((b) => {
    const mean = b.node('MatMul', [flat(b), b.constant(new Float32Array(FEATURES).fill(1 / FEATURES), [FEATURES, 1])]);
    const above = b.node('Mul', [b.node('Sub', [mean, b.scalar(threshold)]), b.scalar(20)]);
    answer(b, b.node('Concat', [b.node('Neg', [above]), above], { axis: 1 }), 2);
  });

/** Scores = pixels · W: ten classes and no surprises. */
export const plain = (): Uint8Array => model((b) => answer(b, linear(b, flat(b), 10), 10));

/** The same, each squeezed by a sigmoid of its own and told in percent. */
export const severalLabels = (): Uint8Array =>
  model((b) => answer(b, b.node('Mul', [b.node('Sigmoid', [b.node('Mul', [linear(b, flat(b), 10), b.scalar(0.05)])]), b.scalar(100)]), 10));

/** The same under a name that speaks against classes. */
export const embedding = (): Uint8Array =>
  model((b) => {
    b.node('Identity', [linear(b, flat(b), 10)], {}, { outputs: ['embedding'] });
    b.output('embedding', DType.float32, ['N', 10]);
  });

/** A single number, and the label that the file makes of it: 1 below a threshold. */
export const labelBelow = (threshold: number): Uint8Array =>
  model((b) => {
    const value = linear(b, flat(b), 1);
    b.node('Cast', [b.node('Less', [value, b.scalar(threshold)])], { to: DType.int64 }, { outputs: ['label'] });
    b.output('label', DType.int64, ['N', 1]);
  });

/** The same with its weights in a file of that name beside it, which is given, too. */
export function beside(file: string): { bytes: Uint8Array; data: Float32Array } {
  const data = weights(FEATURES * 10, 7);
  const bytes = model((b) => {
    const name = b.constant(data, [FEATURES, 10]);
    const { rawData, dims, dataType } = b.graph.initializers.get(name)!;
    const externalData = Object.entries({ location: file, offset: '0', length: String(rawData.length) }).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    );
    b.graph.initializers.set(
      name,
      create(TensorProtoSchema, { name, dims, dataType, dataLocation: TensorProto_DataLocation.EXTERNAL, externalData }),
    );
    answer(b, b.node('MatMul', [flat(b), name]), 10);
  });
  return { bytes, data };
}

/** The same, three times as large. */
export const louder = (): Uint8Array => model((b) => answer(b, b.node('Mul', [linear(b, flat(b), 10), b.scalar(3)]), 10));

/** The same form with other weights. */
export const other = (): Uint8Array => model((b) => answer(b, linear(b, flat(b), 10, 1234), 10));

/** Another number of classes. */
export const seven = (): Uint8Array => model((b) => answer(b, linear(b, flat(b), 7), 7));

/** An operator of a domain that nobody knows. */
export const unknownOperator = (): Uint8Array =>
  model((b) => {
    b.graph.model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.example', version: 1n }));
    answer(b, linear(b, b.node('Wobble', [flat(b)], {}, { domain: 'com.example' }), 10), 10);
  });

/** An operator that onnxruntime runs and Hairline has no gradient rule for. */
export const noRule = (): Uint8Array => model((b) => answer(b, linear(b, b.node('Hardmax', [flat(b)], { axis: -1 }), 10), 10));

export const noOpset = (): Uint8Array =>
  model((b) => {
    b.graph.model.opsetImport.length = 0;
    answer(b, linear(b, flat(b), 10), 10);
  });

/** Two classes: 0 where a picture has more blue than red on average, 1 where it has more red. */
export const warmth = (): Uint8Array =>
  model((b) => {
    const plane = FEATURES / 3;
    const redder = b.constant(
      Float32Array.from({ length: 2 * FEATURES }, (_, i) => ([1, 0, -1][Math.floor((i >> 1) / plane)]! * (i % 2 === 0 ? -20 : 20)) / plane),
      [FEATURES, 2],
    );
    answer(b, b.node('MatMul', [flat(b), redder]), 2);
  });

export const twoInputs = (): Uint8Array =>
  model((b) => answer(b, linear(b, b.node('Add', [flat(b), flat(b, 'other')]), 10), 10), ['pixels', 'other']);

/** One number an image and no sigmoid. */
export const oneNumber = (): Uint8Array => model((b) => answer(b, linear(b, flat(b), 1), 1));

/** Scores are NaN for every picture: the logarithm of what is below 0. */
export const neverANumber = (): Uint8Array =>
  model((b) => answer(b, b.node('Log', [b.node('Sub', [b.node('Sigmoid', [linear(b, flat(b), 10)]), b.constant([2], [1])])]), 10));

/** Scores are NaN for pictures whose mean is below a threshold, and a linear function's for all others. */
export const notANumberBelow = (mean: number): Uint8Array =>
  model((b) => {
    const x = flat(b);
    const average = b.node('MatMul', [x, b.constant(new Float32Array(FEATURES).fill(1 / FEATURES), [FEATURES, 1])]);
    // 0 times a logarithm: nothing, or NaN.
    const nothing = b.node('Mul', [b.node('Log', [b.node('Sub', [average, b.constant([mean], [1])])]), b.constant([0], [1])]);
    answer(b, b.node('Add', [linear(b, x, 10), nothing]), 10);
  });

export function write(file: string, bytes: Uint8Array): string {
  writeFileSync(file, bytes);
  return file;
}
