import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Preprocessing, Provider } from '../../shared/plan.ts';
import { saveGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { networkInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { preprocess } from '../model/preprocessing/reference.ts';
import { readScores } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import { openSession, ortReason } from './ort.ts';
import { floatTensor, numbersOf } from './values.ts';

/** The original model, one picture at a time: the judge of every finding. */
export interface Original {
  /** @param pixels C x H x W in [0,1] */
  predict(pixels: Float32Array, shape: ImageShape): Promise<Scores>;
  close(): Promise<void>;
}

/**
 * Opens a session on the original file, apart from every derived graph. The picture reaches it through the
 * plain-loop preprocessing, not through the graph's, so a fault in either shows.
 */
export async function openOriginal(request: {
  graph: Graph;
  input: ImageInput;
  preprocessing: Preprocessing;
  output: ClassifierOutput;
  provider: Provider;
}): Promise<Original> {
  const { graph, input, preprocessing, output, provider } = request;
  // A file that only puts out a label hides its scores; then the same graph is opened with them as one more output.
  const exposed = graph.outputs.some((o) => o.name === output.name)
    ? graph.path
    : saveGraph({ ...graph, outputs: [...graph.outputs, create(ValueInfoProtoSchema, { name: output.name })] });
  const session = await openSession(exposed || saveGraph(graph), { provider });
  const rows = input.dims[0] ?? 1;
  return {
    async predict(pixels, shape) {
      const network = networkInput(input, preprocessing, shape, rows);
      const { data } = preprocess(preprocessing, pixels, shape, network.image.channels);
      const batch = new Float32Array(rows * data.length);
      for (let r = 0; r < rows; r++) batch.set(data, r * data.length);
      let out: Awaited<ReturnType<typeof session.run>>;
      try {
        out = await session.run({ [input.name]: floatTensor(input.type, batch, network.dims) }, [output.name]);
      } catch (error) {
        throw new UserError(`The model does not run on a picture of ${shape.width} x ${shape.height}: ${ortReason(error)}`);
      }
      return readScores(Array.from(numbersOf(out[output.name]!)).slice(0, output.width), output);
    },
    close: () => session.release(),
  };
}
