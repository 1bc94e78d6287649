import type { Graph } from '../../src-main/graph/index.ts';
import { convnextTiny } from './convnext.ts';
import { densenet121 } from './densenet.ts';
import { efficientnetB0 } from './efficientnet.ts';
import { mobilenetV2 } from './mobilenet.ts';
import { resnet18, resnet50 } from './resnet.ts';
import { lenet5, smallCnn } from './small.ts';
import { unet } from './unet.ts';
import { vitTiny } from './vit.ts';

/** Well-known architectures with seeded random weights, in the form PyTorch's exporter gives them; small ones first. */
export const ZOO: Record<string, () => Graph> = {
  'lenet-5': lenet5,
  'small-cnn': smallCnn,
  'resnet-18': resnet18,
  'resnet-50': resnet50,
  'mobilenet-v2': () => mobilenetV2(),
  'efficientnet-b0': efficientnetB0,
  'densenet-121': densenet121,
  'vit-tiny': vitTiny,
  'convnext-tiny': convnextTiny,
  'u-net': unet,
};
