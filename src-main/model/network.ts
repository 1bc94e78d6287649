import type { ValueInfoProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import { declaredShape, DTYPE_NAME, isFloat } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from './differentiable.ts';

/** The input that takes the image: as the file declares it. */
export interface ImageInput {
  name: string;
  type: number;
  /** null where the dimension is symbolic or unknown. */
  dims: (number | null)[];
}

function facts(value: ValueInfoProto): ImageInput {
  const { type, dims } = declaredShape(value);
  return { name: value.name, type, dims: dims.map((d) => (typeof d === 'number' ? d : null)) };
}

/**
 * Finds the input that takes the image.
 * @param wanted name of the input, or null to find it
 * @throws UserError when there is none of that name, none at all, or several: nothing could be put into the others.
 */
export function findImageInput(graph: Graph, wanted: string | null): ImageInput {
  const inputs = graph.inputs.map(facts);
  const names = inputs.map((i) => i.name).join(', ');
  if (inputs.length === 0) throw new UserError('The model has no input, so no image can be put into it.');
  if (wanted !== null && !inputs.some((i) => i.name === wanted))
    throw new UserError(`The model has no input called ${wanted}; it has: ${names}.`);
  if (inputs.length > 1)
    throw new UserError(`The model has ${inputs.length} inputs (${names}); Hairline can attack models with one input, the image.`);
  return checked(inputs[0]!);
}

function checked(input: ImageInput): ImageInput {
  if (!isFloat(input.type))
    throw new UserError(`The model's input ${input.name} is of type ${DTYPE_NAME[input.type] ?? input.type}; an image has to enter as floating-point numbers.`);
  if (input.dims.length < 2)
    throw new UserError(
      `The model's input ${input.name} has ${input.dims.length === 0 ? 'no shape' : 'only one dimension'}; it takes a batch dimension and an image: export it with a shape such as 1 x 3 x 224 x 224.`,
    );
  if (input.dims.length === 3 && input.dims[0] !== null && (input.dims[0] === 1 || input.dims[0] === 3) && (input.dims[2] ?? 0) > 4)
    throw new UserError(`The model's input ${input.name} has no batch dimension (shape ${input.dims.join(' x ')}): export it with one.`);
  return input;
}

/**
 * Dimensions of the network's input for a batch of pictures, and the picture-like shape the preprocessing
 * must deliver (flat inputs such as [N, 784] take the picture's planes in CHW order).
 * @throws UserError when the picture and the model do not fit.
 */
export function networkInput(input: ImageInput, spec: Preprocessing, picture: ImageShape, rows: number): { dims: number[]; image: ImageShape } {
  const declared = input.dims;
  const nhwc = spec.layout === 'nhwc';
  const sized = spec.geometry === 'none' ? { width: picture.width, height: picture.height } : sizeOf(spec);
  if (declared.length === 4) {
    const channelAt = nhwc ? 3 : 1;
    const rowAt = nhwc ? 1 : 2;
    const channels = declared[channelAt] ?? (spec.channels === 'grey' ? 1 : picture.channels === 1 && spec.mean.length < 3 && spec.std.length < 3 ? 1 : 3);
    const image = { channels, height: sized.height, width: sized.width };
    const height = declared[rowAt];
    const width = declared[rowAt + 1];
    if ((height != null && height !== image.height) || (width != null && width !== image.width))
      throw new UserError(
        `The model reads ${width ?? '?'} x ${height ?? '?'} pixels, but the images come as ${image.width} x ${image.height}: choose a preprocessing that resizes, crops or pads to ${width ?? '?'} x ${height ?? '?'}.`,
      );
    if (channels !== 1 && channels !== 3)
      throw new UserError(`The model's input ${input.name} has ${channels} channels in ${nhwc ? 'NHWC' : 'NCHW'} layout; an image has 1 or 3. Check the layout of the preprocessing.`);
    const dims = nhwc ? [rows, image.height, image.width, channels] : [rows, channels, image.height, image.width];
    return { dims, image };
  }
  const rest = declared.slice(1);
  const known = rest.reduce<number>((a, b) => a * (b ?? 1), 1);
  const open = rest.filter((d) => d === null).length;
  const channels = spec.channels === 'grey' ? 1 : [1, 3].find((c) => c * sized.width * sized.height === known && open === 0) ?? picture.channels;
  const image = { channels, height: sized.height, width: sized.width };
  const features = channels * image.height * image.width;
  if (open > 1 || features % known !== 0 || (open === 0 && features !== known))
    throw new UserError(
      `The model reads ${known} values an image, but the images come as ${image.width} x ${image.height} with ${channels} channel${channels > 1 ? 's' : ''} (${features} values): choose another preprocessing.`,
    );
  return { dims: [rows, ...rest.map((d) => d ?? features / known)], image };
}

function sizeOf(spec: Preprocessing): { width: number; height: number } {
  if (spec.width === null || spec.height === null)
    throw new UserError(`The preprocessing ${spec.geometry} needs a width and a height.`);
  return { width: spec.width, height: spec.height };
}
