import { UserError } from '../../../shared/errors.ts';
import { Preprocessing } from '../../../shared/plan.ts';

export interface Preset {
  title: string;
  preprocessing: Preprocessing;
  /** When to take it, in a sentence. */
  note: string;
}

function preset(title: string, note: string, preprocessing: Partial<Preprocessing>): Preset {
  return { title, note, preprocessing: Preprocessing.parse(preprocessing) };
}

const mnist = { geometry: 'stretch', width: 28, height: 28, channels: 'grey' } as const;
const cifar = { geometry: 'stretch', width: 32, height: 32 } as const;
const imagenet = { geometry: 'centre-crop', width: 224, height: 224, resizeTo: 256 } as const;

/** The preprocessings that most published models were trained with. `stretch` leaves pictures alone that already fit. */
export const PRESETS = {
  mnist: preset('MNIST, [0,1]', 'Grey 28 x 28, values in [0,1]: the models of most papers on robustness.', mnist),
  'mnist-norm': preset('MNIST, normalised', "Grey 28 x 28, minus the data set's mean, over its deviation: PyTorch's own example.", {
    ...mnist,
    mean: [0.1307],
    std: [0.3081],
  }),
  cifar10: preset('CIFAR-10, [0,1]', 'RGB 32 x 32, values in [0,1]: models that normalise inside, or not at all.', cifar),
  'cifar10-norm': preset('CIFAR-10, normalised', "RGB 32 x 32, minus the data set's mean, over its deviation, channel by channel.", {
    ...cifar,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2471, 0.2435, 0.2616],
  }),
  imagenet: preset('ImageNet (PyTorch)', 'Centre crop 224 x 224 of 256, ImageNet mean and deviation: torchvision, timm, most exports from PyTorch.', {
    ...imagenet,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  }),
  'imagenet-caffe': preset('ImageNet (Caffe)', 'Centre crop 224 x 224 of 256, BGR, 0 to 255 minus the mean pixel: models from Caffe, and the first of Keras.', {
    ...imagenet,
    channels: 'bgr',
    scale: 255,
    mean: [103.939, 116.779, 123.68],
  }),
  unit: preset('0 to 1', 'Any size, RGB, values in [0,1]: models with the normalising inside.', {}),
  '0..255': preset('0 to 255', 'Any size, RGB, values in [0,255].', { scale: 255 }),
  '-1..1': preset('-1 to 1', "Any size, RGB, values in [-1,1]: TensorFlow's and many tutorials' models.", { mean: [0.5], std: [0.5] }),
} satisfies Record<string, Preset> as Record<string, Preset>;

/** Size and layout that a preset is fitted to: what `guessPreprocessing` found. */
export interface Fit {
  network: { width: number | null; height: number | null };
  layout: Preprocessing['layout'];
}

/**
 * A preset by name, fitted to a network when that is given: its layout, and its size where it is fixed (presets for
 * any size stretch to it; a crop keeps its share of the picture, 7/8).
 * @throws UserError for an unknown name.
 */
export function presetFor(name: string, fit: Fit | null = null): Preprocessing {
  const found = Object.hasOwn(PRESETS, name) ? PRESETS[name]! : null;
  if (!found) throw new UserError(`There is no preset called ${name}: choose one of ${Object.keys(PRESETS).join(', ')}.`);
  const spec = structuredClone(found.preprocessing);
  if (!fit) return spec;
  spec.layout = fit.layout;
  const { width, height } = fit.network;
  if (width === null || height === null || (width === spec.width && height === spec.height)) return spec;
  return { ...spec, ...sized(spec.geometry, width, height) };
}

type Geometry = Pick<Preprocessing, 'geometry' | 'width' | 'height' | 'resizeTo'>;

/** The geometry for pictures of any size when the network's is fixed. */
export function sized(geometry: Preprocessing['geometry'], width: number, height: number): Geometry {
  if (geometry === 'centre-crop') return { geometry, width, height, resizeTo: Math.round(Math.max(width, height) / 0.875) };
  return { geometry: geometry === 'none' ? 'stretch' : geometry, width, height, resizeTo: null };
}
