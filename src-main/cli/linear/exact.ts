import { writeFile } from 'node:fs/promises';
import { confidenceOf } from '../../../shared/confidence.ts';
import { accuracyText, formatDistance, formatEps, NONE } from '../../../shared/format.ts';
import { NORM_LABEL, NORMS } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import { median, robustAccuracy, robustCurve } from '../../../shared/stats.ts';
import { loadGraph } from '../../graph/index.ts';
import { exactDistances } from '../../linear/accuracy.ts';
import { recogniseLinear } from '../../linear/recognise.ts';
import { findImageInput } from '../../model/network.ts';
import { curvesCsv } from '../../report/curvesCsv.ts';
import { openDifferentiable } from '../../runtime/differentiable.ts';
import { EXIT, Exit } from '../exit.ts';
import { preprocessing } from '../given.ts';
import { inLimits } from '../limited.ts';
import { json, line, lines, table } from '../print.ts';
import { number, readDigits } from './data.ts';

export interface ExactFlags {
  images?: string[];
  labels?: string;
  preset?: string;
  preprocess?: string;
  eps?: string[];
  exponent?: string;
  limit?: string;
  out?: string;
  json?: boolean;
}

/** Budgets shown where none are asked for. */
const USUAL: Record<Norm, number[]> = { l0: [1, 5, 20], l0Pixels: [1, 5, 20], l1: [1, 5], l2: [0.5, 1], linf: [8 / 255, 0.1] };

/**
 * `hairline linear exact`: whether a model is affine from pixels to logits, and if so its exact robust accuracy.
 * Exits with 1 when it is not.
 * @throws UserError naming the flag that is missing or wrong
 */
export async function exactLinear(file: string, flags: ExactFlags): Promise<void> {
  // What hangs, crashes or takes all memory does so there.
  const spec = await inLimits(async (limited) => {
    await limited.run('load', { model: file });
    return preprocessing({ ...flags, model: file }, limited);
  });
  const graph = loadGraph(file);
  const data = flags.images?.length ? await readDigits(flags.images, flags.labels ?? null, null, flags.limit, '--limit') : null;
  const input = findImageInput(graph, null);
  const [, channels, height, width] = input.dims.length === 4 ? input.dims : [];
  const picture = data?.shape ?? { channels: channels ?? 1, height: height ?? 28, width: width ?? 28 };
  const model = await openDifferentiable({ graph, input, preprocessing: spec, picture, rows: input.dims[0] ?? 16, provider: 'cpu' });
  const found = await recogniseLinear(model).finally(() => model.close());
  if (!found.model || !data) {
    if (flags.json) json({ affine: found.affine, why: found.why, error: found.error });
    else line(`affine    ${found.affine}: ${found.why}`);
    if (!found.model) throw new Exit(EXIT.findings);
    return;
  }
  const budgets = new Map(Object.entries(USUAL) as [Norm, number[]][]);
  for (const text of flags.eps ?? []) {
    const [norm, list] = text.split('=') as [Norm, string | undefined];
    budgets.set(
      norm,
      (list ?? '').split(',').map((one) => number(`--eps ${norm}`, one, 0)),
    );
  }
  const total = data.items.length;
  const results = NORMS.map((norm) => {
    const distances = exactDistances(norm, found.model!, data.items, picture.channels);
    return {
      norm,
      distances,
      median: median(distances),
      points: (budgets.get(norm) ?? []).map((eps) => robustAccuracy(distances, total, eps)),
    };
  });
  if (flags.out)
    await writeFile(flags.out, curvesCsv(results.map(({ norm, distances }) => ({ name: norm, points: robustCurve(distances, total) }))));
  const p = flags.exponent === undefined ? null : number('--exponent', flags.exponent, 1);
  const general = p === null ? null : median(exactDistances(p, found.model, data.items, picture.channels));
  const clean = robustAccuracy(results[0]!.distances, total, 0);
  const confidence = confidenceOf('held', found.affine === 'proven');
  if (flags.json)
    return json({
      affine: found.affine,
      confidence,
      why: found.why,
      error: found.error,
      clean: clean.accuracy,
      norms: results.map(({ norm, median, points }) => ({ norm, median, points })),
      ...(p !== null && { exponent: p, median: general }),
    });
  line(`affine      ${found.affine}: ${found.why}`);
  line(`confidence  ${confidence}`);
  line(`accuracy    ${accuracyText(clean)} of ${total} images`);
  const rows = results.flatMap(({ norm, median, points }) =>
    points.map((point, i) => [
      i === 0 ? NORM_LABEL[norm] : '',
      i === 0 ? formatDistance(norm, median) : '',
      formatEps(norm, point.eps),
      accuracyText(point),
    ]),
  );
  lines(table([['norm', 'median of exact minima', 'ε', 'exact robust accuracy'], ...rows]));
  if (p !== null) line(`ℓp with p = ${p}: median of exact minima ${general?.toPrecision(5) ?? NONE}`);
}
