import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Preprocessing, Provider } from '../../shared/plan.ts';
import { saveGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { valuesBeside } from '../model/inputs.ts';
import { networkInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { embed, preprocess } from '../model/preprocessing/reference.ts';
import { readScores } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import { openSession, ortReason } from './ort.ts';
import { imageTensor, numbersOf, tensorOf } from './values.ts';

/** The original model, one picture at a time: the judge of every finding. */
export interface OriginalOutput {
  /**
   * @param pixels C x H x W in [0,1]
   * @returns the output's values for that picture, `width` of them
   */
  output(pixels: Float32Array, shape: ImageShape): Promise<Float64Array>;
  /** What the network reads of a picture: the input's own values, in its own layout. */
  read(pixels: Float32Array, shape: ImageShape): Float32Array;
  /** The same session behind another preprocessing; it closes with this one. */
  under(preprocessing: Preprocessing): OriginalOutput;
  /** The same file in a session of its own that fuses nothing, which rounds otherwise; whoever asks closes it. */
  unfused(): Promise<OriginalOutput>;
  close(): Promise<void>;
}

/** A classifier as its own judge. */
export interface Original extends OriginalOutput {
  predict(pixels: Float32Array, shape: ImageShape): Promise<Scores>;
  unfused(): Promise<Original>;
}

export interface OriginalRequest {
  graph: Graph;
  input: ImageInput;
  preprocessing: Preprocessing;
  provider: Provider;
  /** For a few pictures that somebody waits for: see `openSession`. */
  brief?: boolean;
  /** Whether onnxruntime may fuse operators; it may unless told otherwise. */
  optimize?: boolean;
}

/** @throws UserError when the model does not open. */
export async function openOriginal(request: OriginalRequest & { output: ClassifierOutput }): Promise<Original> {
  const field = await openOriginalOutput(request);
  const { output } = request;
  return {
    ...field,
    predict: async (pixels, shape) => readScores(await field.output(pixels, shape), output),
    unfused: () => openOriginal({ ...request, optimize: false }),
  };
}

/**
 * Opens a session on the original file, apart from every derived graph. The picture reaches it through the
 * plain-loop preprocessing, not through the graph's, so a fault in either shows.
 * @throws UserError when the model does not open.
 */
export async function openOriginalOutput(request: OriginalRequest & { output: { name: string; width: number } }): Promise<OriginalOutput> {
  const { graph, input, output, provider, brief = false, optimize = true } = request;
  // A file that only puts out a label hides its scores; then the same graph is opened with them as one more output.
  const exposed = graph.outputs.some((o) => o.name === output.name)
    ? graph.path
    : saveGraph({ ...graph, outputs: [...graph.outputs, create(ValueInfoProtoSchema, { name: output.name })] });
  const session = await openSession(exposed || saveGraph(graph), { provider, brief, optimize });
  const rows = input.batch ?? 1;
  const beside = Object.fromEntries(
    input.others.map((other) => {
      const { dims, data } = valuesBeside(other, rows, input.batch);
      return [other.name, tensorOf(other.type, data, dims)];
    }),
  );
  const under = (preprocessing: Preprocessing): OriginalOutput => {
    const read = (pixels: Float32Array, shape: ImageShape): Float32Array => {
      const network = networkInput(input, preprocessing, shape, rows);
      return embed(preprocess(preprocessing, pixels, shape, network.image.channels), preprocessing, network.embed);
    };
    return {
      read,
      under,
      unfused: () => openOriginalOutput({ ...request, optimize: false }),
      async output(pixels, shape) {
        const network = networkInput(input, preprocessing, shape, rows);
        const data = read(pixels, shape);
        const batch = new Float32Array(rows * data.length);
        for (let r = 0; r < rows; r++) batch.set(data, r * data.length);
        let out: Awaited<ReturnType<typeof session.run>>;
        try {
          out = await session.run({ ...beside, [input.name]: imageTensor(input.type, batch, network.dims) }, [output.name]);
        } catch (error) {
          throw new UserError(`The model does not run on a picture of ${shape.width} x ${shape.height}: ${ortReason(error)}`);
        }
        return Float64Array.from(numbersOf(out[output.name]!)).subarray(0, output.width);
      },
      close: () => session.release(),
    };
  };
  return under(request.preprocessing);
}
