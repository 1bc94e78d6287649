import { count, formatDistance, formatEps, NONE } from '../../../shared/format.ts';
import { NORM_LABEL } from '../../../shared/norms.ts';
import { decibels } from '../../../shared/outputs.ts';
import type { OutputResult, Results } from '../../../shared/results.ts';
import { largestBudget, stateAt } from '../../../shared/states.ts';
import { stateWords } from '../outputWords.ts';
import type { Paper } from '../paper.ts';
import { mono } from '../rich.ts';
import { table } from '../table.ts';
import { COLOR, SIZE } from '../theme.ts';
import { goalSuffix } from '../words.ts';

/** Rows of a threat model on paper; all of them stand in the CSV. */
const ROWS = 60;

/** Image by image what the network puts out: clean, and for the smallest change that breaks it. Nothing for classifiers. */
export function outputs(paper: Paper, results: Results): void {
  if (!results.output) return;
  const ssim = (output: OutputResult | null | undefined): string => output?.ssim?.toFixed(3) ?? NONE;
  const psnr = (output: OutputResult | null | undefined): string => (output ? decibels(output.psnr) : NONE);
  let opened = false;
  results.threats.forEach((threat, t) => {
    const eps = largestBudget(threat);
    const rows = results.images.slice(0, ROWS).map((image) => {
      const outcome = image.outcomes.find((one) => one.threat === t)!;
      const finding = results.findings.find((one) => one.image === image.id && one.threat === t && one.attack === outcome.best);
      const clean = image.outputs[t];
      return {
        cells: [
          [mono(paper.fit(image.source, 'mono', SIZE.table, 128, 'start'))],
          psnr(clean),
          ssim(clean),
          stateWords(results, stateAt(outcome, eps), null),
          outcome.best ?? '',
          outcome.state === 'broken' ? formatDistance(threat.norm, outcome.distance) : NONE,
          psnr(finding?.output),
          ssim(finding?.output),
        ],
      };
    });
    const title = `${NORM_LABEL[threat.norm]}${goalSuffix(threat)}; ε = ${formatEps(threat.norm, eps)}`;
    if (!opened) paper.heading(1, 'Outputs, image by image', 120);
    opened = true;
    table(
      paper,
      [
        { title: 'Image', points: 136 },
        { title: 'Clean PSNR', points: 58, align: 'right' },
        { title: 'SSIM', points: 38, align: 'right' },
        { title: 'State', points: 64 },
        { title: 'Attack' },
        { title: 'Smallest change', points: 60, align: 'right' },
        { title: 'Its PSNR', points: 54, align: 'right' },
        { title: 'SSIM', points: 38, align: 'right' },
      ],
      rows,
      { title: { level: 2, text: title }, after: 5 },
    );
    if (results.images.length > ROWS)
      paper.text(`${count(results.images.length - ROWS)} more in the attached results.csv.`, { size: SIZE.small, color: COLOR.soft });
  });
}
