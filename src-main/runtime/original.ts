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
import { openSession, ortReason, Tensor } from './ort.ts';

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
        out = await session.run({ [input.name]: inputTensor(input.type, batch, network.dims) }, [output.name]);
      } catch (error) {
        throw new UserError(`The model does not run on a picture of ${shape.width} x ${shape.height}: ${ortReason(error)}`);
      }
      const value = out[output.name]!;
      return readScores(Array.from(value.data.slice(0, output.width) as Float32Array, Number), output);
    },
    close: () => session.release(),
  };
}

function inputTensor(type: number, data: Float32Array, dims: number[]) {
  if (type === 11) return new Tensor('float64', Float64Array.from(data), dims);
  if (type === 1) return new Tensor('float32', data, dims);
  return new Tensor('float16', Uint16Array.from(data, floatToHalf) as never, dims);
}

/** Number to the nearest IEEE binary16 word, ties to even. */
function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const a = Math.abs(value);
  if (Number.isNaN(a)) return 0x7e00;
  if (a >= 65520) return sign | 0x7c00;
  const exponent = a < 2 ** -14 ? -14 : Math.floor(Math.log2(a));
  const step = 2 ** (exponent - 10);
  const scaled = a / step;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const rounded = low + (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0);
  return a < 2 ** -14 ? sign | rounded : sign | (((exponent + 15) << 10) + (rounded - 1024));
}
