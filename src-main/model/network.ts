import type { ValueInfoProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import { declaredShape, DTYPE_NAME, elementCount, isFloat } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from './differentiable.ts';
import { largestWhole } from './wholeNumbers.ts';
import { MOST_VALUES, otherInputs } from './inputs.ts';
import type { OtherInput } from './inputs.ts';

/** The input that takes the image: as the file declares it. */
export interface ImageInput {
  name: string;
  type: number;
  /** null where the dimension is symbolic or unknown. */
  dims: (number | null)[];
  /** Images the model was exported for; null: any number. */
  batch: number | null;
  /** false: the input has no batch dimension at all and takes one image. */
  batched: boolean;
  /** The model's other inputs, and what they hold. */
  others: OtherInput[];
}

type Declared = Pick<ImageInput, 'name' | 'type' | 'dims'>;

function declared(value: ValueInfoProto): Declared {
  const { type, dims } = declaredShape(value);
  return { name: value.name, type, dims: dims.map((d) => (typeof d === 'number' ? d : null)) };
}

/**
 * Finds the input that takes the image; the others get fixed values.
 * @param wanted name of the input, or null to find it: the only one that looks like pictures, else the only one with floats
 * @param fixed values of other inputs, see `otherInputs`
 * @throws UserError when there is none of that name, none at all, or several that could be it, or a fixed value does not fit.
 */
export function findImageInput(graph: Graph, wanted: string | null, fixed: Readonly<Record<string, number | number[]>> = {}): ImageInput {
  const input = checked(choose(graph, wanted), graph);
  return { ...input, others: otherInputs(graph, input.name, fixed) };
}

function choose(graph: Graph, wanted: string | null): Declared {
  const inputs = graph.inputs.map(declared);
  const names = inputs.map((i) => i.name).join(', ');
  if (inputs.length === 0) throw new UserError('The model has no input, so no image can be put into it.');
  if (wanted !== null && !inputs.some((i) => i.name === wanted))
    throw new UserError(`The model has no input called ${wanted}; it has: ${names}.`);
  if (wanted !== null) return inputs.find((i) => i.name === wanted)!;
  const found = clearly(inputs);
  if (!found)
    throw new UserError(
      `The model has ${inputs.length} inputs (${names}), and it is not clear which takes the image: name it (--input); each of the others then holds what --fix says, else 0.`,
    );
  return found;
}

/** The only one, the only one that looks like pictures, or the only one that could take them. */
function clearly(inputs: readonly Declared[]): Declared | undefined {
  const floats = inputs.filter(({ type }) => isFloat(type));
  return [inputs, floats.filter(isPicture), inputs.filter(isPicture), floats.filter(takesPictures)].find((some) => some.length === 1)?.[0];
}

const isNumeric = (type: number): boolean => isFloat(type) || largestWhole(type) !== null;
const takesPictures = ({ type, dims }: Declared): boolean => isNumeric(type) && dims.length >= 2;

/** The inputs that could take the image, and whether it is clear which does. */
export function imageInputs(graph: Graph): { names: string[]; clear: boolean } {
  const inputs = graph.inputs.map(declared);
  return { names: inputs.filter(takesPictures).map(({ name }) => name), clear: clearly(inputs) !== undefined };
}

/** Four dimensions, of which the channels are those of a picture or open. */
function isPicture({ type, dims }: Declared): boolean {
  return isNumeric(type) && dims.length === 4 && [dims[1], dims[3]].some((d) => d === 1 || d === 3 || d === null);
}

function checked(input: Declared, graph: Graph): Omit<ImageInput, 'others'> {
  const { name, type, dims } = input;
  if (!isNumeric(type))
    throw new UserError(
      `The model's input ${name} is of type ${DTYPE_NAME[type] ?? type}; an image has to enter as floating-point numbers, uint8 or uint16: export it with such an input.`,
    );
  if (dims.length > 4)
    throw new UserError(
      `The model's input ${name} [${dims.map((d) => d ?? '?').join(', ')}] has ${dims.length} dimensions: it reads volumes or films, and no picture.`,
    );
  if (dims.length < 2)
    throw new UserError(
      `The model's input ${name} has ${dims.length === 0 ? 'no shape' : 'only one dimension'}; it takes a batch dimension and an image: export it with a shape such as 1 x 3 x 224 x 224.`,
    );
  if (dims.length === 3 && dims.every((d) => d === null))
    throw new UserError(
      `The model's input ${name} leaves all of its three dimensions open, so that nothing says whether the first counts images or channels: export it with the number of channels, such as [3, H, W].`,
    );
  if (dims.some((d) => d !== null && d > MOST_VALUES))
    throw new UserError(
      `The model's input ${name} has the shape [${dims.map((d) => d ?? '?').join(', ')}], which is larger than any image: export it for images that there are.`,
    );
  const colour = (d: number | null | undefined) => d === 1 || d === 3;
  if (dims.length === 4 && Math.max(dims[1] ?? 0, dims[3] ?? 0) > 4 && dims.slice(1).filter((d) => d === 1).length === 2)
    throw new UserError(
      `The model's input ${name} [${dims.map((d) => d ?? '?').join(', ')}] takes a vector, such as the latent one of a generator, and no picture.`,
    );
  const large = (d: number | null | undefined) => d === null || (d ?? 0) > 4;
  const bare =
    isGrey(dims, graph) ||
    (dims.length === 3 &&
      ((dims[0] === 3 && large(dims[2])) ||
        (colour(dims[0]) && (dims[2] ?? 0) > 4 && (dims[1] === null || dims[1] === dims[2])) ||
        // With the width open too, the first is no batch: rows of three numbers are no pictures.
        (dims[2] === 3 && large(dims[0]) && (dims[0] !== null || dims[1] === null))));
  return { ...input, batch: bare ? 1 : (dims[0] ?? null), batched: !bare };
}

/** A square picture without batch and channels; where the outputs have as many rows, it is a batch of rows. */
function isGrey([height, width, ...more]: Declared['dims'], { outputs }: Graph): boolean {
  const rows = () => outputs.some((output) => declaredShape(output).dims[0] === height);
  return more.length === 0 && height != null && height > 4 && height === width && !rows();
}

/** What the network reads of a batch of pictures. */
export interface NetworkInput {
  dims: number[];
  /** What the preprocessing must deliver; flat inputs such as [N, 784] take its planes in CHW order. */
  image: ImageShape;
  /** Channels before and after the picture's own, and what they hold; null where the picture takes all. */
  embed: { axis: number; before: number; after: number; fill: number } | null;
}

/**
 * Dimensions of the network's input for a batch of pictures.
 * @throws UserError when the picture and the model do not fit.
 */
export function networkInput(input: ImageInput, spec: Preprocessing, picture: ImageShape, rows: number): NetworkInput {
  const network = fitted(input, spec, picture, rows);
  demandLevels(input, spec);
  const count = elementCount(network.dims);
  if (count > MOST_VALUES)
    throw new UserError(
      `The model reads ${count.toLocaleString('en')} values at once (${network.dims.join(' x ')}), more than the ${MOST_VALUES.toLocaleString('en')} that Hairline gives: export it for smaller images or fewer at once.`,
    );
  return network;
}

/** Whole numbers up to 1 are black and white, nearly always by mistake. @throws UserError */
function demandLevels({ name, type }: ImageInput, { scale, std }: Preprocessing): void {
  const most = largestWhole(type);
  if (most !== null && std.every((one) => scale / one < 2))
    throw new UserError(
      `The model's input ${name} takes whole numbers from 0 to ${most}, and this preprocessing leaves 0 and 1 of them: take values from 0 to ${most} (scale=${most}).`,
    );
}

function fitted(input: ImageInput, spec: Preprocessing, picture: ImageShape, rows: number): NetworkInput {
  const declared = input.batched ? input.dims : [null, ...input.dims];
  const nhwc = spec.layout === 'nhwc';
  const sized = spec.geometry === 'none' ? { width: picture.width, height: picture.height } : sizeOf(spec);
  if (declared.length === 4) {
    const channelAt = nhwc ? 3 : 1;
    const rowAt = nhwc ? 1 : 2;
    const usual = spec.channels === 'grey' ? 1 : picture.channels === 1 && spec.mean.length < 3 && spec.std.length < 3 ? 1 : 3;
    const channels = declared[channelAt] ?? usual;
    const height = declared[rowAt];
    const width = declared[rowAt + 1];
    if ((height != null && height !== sized.height) || (width != null && width !== sized.width))
      throw new UserError(
        `The model reads ${width ?? '?'} x ${height ?? '?'} pixels, but the images come as ${sized.width} x ${sized.height}: choose a preprocessing that resizes, crops or pads to ${width ?? '?'} x ${height ?? '?'}.`,
      );
    const embed = embedding(input, spec, channelAt, channels, usual);
    const image = { channels: embed ? usual : channels, height: sized.height, width: sized.width };
    const dims = nhwc ? [rows, image.height, image.width, channels] : [rows, channels, image.height, image.width];
    return { dims: input.batched ? dims : dims.slice(1), image, embed };
  }
  const rest = declared.slice(1);
  const known = rest.reduce<number>((a, b) => a * (b ?? 1), 1);
  const open = rest.filter((d) => d === null).length;
  const channels =
    spec.channels === 'grey' ? 1 : ([1, 3].find((c) => c * sized.width * sized.height === known && open === 0) ?? picture.channels);
  const image = { channels, height: sized.height, width: sized.width };
  const features = channels * image.height * image.width;
  if (open > 1 || features % known !== 0 || (open === 0 && features !== known))
    throw new UserError(
      `The model reads ${known} values an image, but the images come as ${image.width} x ${image.height} with ${channels} channel${channels > 1 ? 's' : ''} (${features} values): choose another preprocessing.`,
    );
  const values = rest.map((d) => d ?? features / known);
  return { dims: input.batched ? [rows, ...values] : values, image, embed: null };
}

/** Where the picture's channels lie among the network's. */
function embedding(input: ImageInput, spec: Preprocessing, axis: number, channels: number, own: number): NetworkInput['embed'] {
  if (spec.embed === null) {
    if (channels === 1 || channels === 3) return null;
    throw new UserError(
      `The model's input ${input.name} has ${channels} channels in ${spec.layout.toUpperCase()} layout; an image has 1 or 3. Check the layout of the preprocessing, or say which of them the image takes, and what the others hold: --preprocess '{"embed":{"first":0,"fill":1}}'${channels < 3 ? ', with "channels":"grey" beside it' : ''}.`,
    );
  }
  const { first, fill } = spec.embed;
  const after = channels - first - own;
  if (after < 0)
    throw new UserError(
      `The image has ${own} channel${own > 1 ? 's' : ''}, and from channel ${first} on the model's input ${input.name} has ${Math.max(0, channels - first)} left: embed it further in front.`,
    );
  return { axis, before: first, after, fill };
}

function sizeOf(spec: Preprocessing): { width: number; height: number } {
  if (spec.width === null || spec.height === null) throw new UserError(`The preprocessing ${spec.geometry} needs a width and a height.`);
  return { width: spec.width, height: spec.height };
}
