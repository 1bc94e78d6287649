import { openLeNet, paddedDigits, readOracle } from './balda/setup.ts';
import { fooledBy, smallest } from './balda/experiment.ts';
const shared = '../shared';
const o = readOracle(shared);
const n = Number(process.argv[2] ?? 1024);
const model = await openLeNet(shared, 64);
const images = paddedDigits(shared, o.indices.slice(0, n));
const eps = o.rerun.lenet.curves['epsilon']!;
let t = Date.now();
const m = await smallest(model, images, eps);
console.log('deepfool', Date.now() - t, m.rho1, m.rho2, m.eps99, o.rerun.lenet.rho1, o.rerun.lenet.rho2, o.rerun.lenet.eps99);
let worst = 0, worstB = 0, bad = 0;
m.sizes.forEach((s, i) => { const r = Math.abs(s / o.deepfool_norms[i]! - 1); if (r > 1e-3) { bad++; if (bad < 10) console.log(i, s, o.deepfool_norms[i]); } if (Number.isFinite(s)) worst = Math.max(worst, r); worstB = Math.max(worstB, Math.abs(m.bounds[i]! / o.rho2_per_sample[i]! - 1)); });
console.log({ worst, worstB, bad });
console.log('curve', m.curve.map((c, i) => (c - o.rerun.lenet.curves['DeepFool']![i]!).toFixed(4)).join(' '));
for (const name of ['FGS', 'Alg1', 'Alg2', 'rand'] as const) {
  t = Date.now();
  const out: number[] = [];
  for (const e of eps) out.push((await fooledBy(model, images, name, e)) - o.rerun.lenet.curves[name]![out.length]!);
  console.log(name, Date.now() - t, out.map((x) => x.toFixed(4)).join(' '));
}
