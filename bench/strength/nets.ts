import { Preprocessing } from '../../shared/plan.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { openPrepared } from '../oracles/models.ts';
import type { DataSet } from '../oracles/models.ts';

/** A network that strength is measured on. */
export interface Net {
  file: string;
  set: DataSet;
  preprocessing: Preprocessing;
}

const grey = (more: object = {}): Preprocessing => Preprocessing.parse({ channels: 'grey', ...more });
const rgb = (mean: number[], std: number[]): Preprocessing => Preprocessing.parse({ mean, std });

export const NETS: Record<string, Net> = {
  'smallcnn-ddn': { file: 'converted-from-weights/mnist_sigmazero_smallcnn_ddn.onnx', set: 'mnist', preprocessing: grey() },
  'smallcnn-trades': { file: 'converted-from-weights/mnist_sigmazero_smallcnn_trades.onnx', set: 'mnist', preprocessing: grey() },
  lenet5: {
    file: 'converted-from-weights/mnist_balda_lenet5.onnx',
    set: 'mnist',
    preprocessing: grey({ geometry: 'pad', width: 32, height: 32 }),
  },
  'cnn-small': { file: 'converted-from-weights/mnist_autolirpa_cnn_small.onnx', set: 'mnist', preprocessing: grey() },
  'resnet-20': {
    file: 'converted-from-weights/cifar10_akamaster_resnet20.onnx',
    set: 'cifar10',
    preprocessing: rgb([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  },
  resnet_2b: {
    file: 'classify-cifar10/vnncomp21_resnet_2b.onnx',
    set: 'cifar10',
    preprocessing: rgb([0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]),
  },
  quantised: {
    file: 'classify-cifar10/dinhanh7_tinymobilenet_int8.onnx',
    set: 'cifar10',
    preprocessing: rgb([0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]),
  },
};

/** @param shared folder of shared files */
export function openNet(shared: string, { file, set, preprocessing }: Net, rows = 16): Promise<OpenModel> {
  return openPrepared(shared, `models/${file}`, set, preprocessing, rows);
}
