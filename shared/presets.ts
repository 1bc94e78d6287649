import { Preprocessing } from './plan.ts';

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

/**
 * The preprocessings that most published models were trained with, under the names that the command line and the
 * window share. `stretch` leaves pictures alone that already fit; geometry `none` takes any size.
 */
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
  imagenet: preset(
    'ImageNet (PyTorch)',
    'Centre crop 224 x 224 of 256, ImageNet mean and deviation: torchvision, timm, most exports from PyTorch.',
    {
      ...imagenet,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
  ),
  'imagenet-caffe': preset(
    'ImageNet (Caffe)',
    'Centre crop 224 x 224 of 256, BGR, 0 to 255 minus the mean pixel: models from Caffe, and the first of Keras.',
    {
      ...imagenet,
      channels: 'bgr',
      scale: 255,
      mean: [103.939, 116.779, 123.68],
    },
  ),
  unit: preset('0 to 1', 'Any size, RGB, values in [0,1]: models with the normalising inside.', {}),
  '0..255': preset('0 to 255', 'Any size, RGB, values in [0,255].', { scale: 255 }),
  '-1..1': preset('−1 to 1', "Any size, RGB, values in [-1,1]: TensorFlow's and many tutorials' models.", { mean: [0.5], std: [0.5] }),
} satisfies Record<string, Preset> as Record<string, Preset>;
