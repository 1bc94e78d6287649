import { openLeNet, paddedDigits, readOracle, unboxed } from './balda/setup.ts';
import { deepFoolPath } from '../src-main/attacks/balda/deepfool.ts';
import { openOriginal } from '../src-main/runtime/original.ts';
import { loadGraph } from '../src-main/graph/index.ts';
import { findImageInput } from '../src-main/model/network.ts';
import { Preprocessing } from '../shared/plan.ts';
const shared = '../shared';
const o = readOracle(shared);
const model = await openLeNet(shared, Number(process.argv[2] ?? 64));
const images = paddedDigits(shared, o.indices);
const target = unboxed(model, images, 'x');
const { delta } = await deepFoolPath(target, { steps: 50, rivals: 9, overshoot: 0.02, variant: 'sum' });
const q = await target.query(delta);
const graph = loadGraph(shared + '/models/converted-from-weights/mnist_balda_lenet5.onnx');
const orig = await openOriginal({ graph, input: findImageInput(graph, null), preprocessing: Preprocessing.parse({ channels: 'grey' }), output: model.pixels.output, provider: 'cpu' });
for (let i = 0; i < 1024; i++) {
  const x = images[i]!.pixels.map((v, j) => v + delta[i * 1024 + j]!);
  const s = await orig.predict(x, model.shape);
  const f = [...s.logits].sort((a, b) => b - a);
  const f2 = f[0]! - f[1]!;
  const adv = s.prediction !== images[i]!.label;
  if (!adv || f2 < 3e-6) console.log(i, adv, f2, q.success[i], q.margin[i], o.deepfool_norms[i]);
}
import { writeFileSync } from 'node:fs';
writeFileSync('/tmp/t10/adv.f32', Buffer.from(Float32Array.from([304, 390, 535, 554, 763, 844].flatMap((i) => [...images[i]!.pixels.map((v, j) => v + delta[i * 1024 + j]!)])).buffer));
console.log([304, 390, 535, 554, 763, 844].map((i) => images[i]!.label).join());
