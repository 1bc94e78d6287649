import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accuracyText, formatBudget, significant } from '../../../shared/format.ts';
import { UserError } from '../../../shared/errors.ts';
import { robustAccuracy, robustCurve } from '../../../shared/stats.ts';
import { saveGraph } from '../../graph/index.ts';
import { encodeNpy } from '../../images/index.ts';
import { exactDistances } from '../../linear/accuracy.ts';
import { linearGraph } from '../../linear/export.ts';
import { trainClasses } from '../../linear/classes.ts';
import type { Recipe } from '../../linear/classes.ts';
import { curvesCsv } from '../../report/curvesCsv.ts';
import { json, line, lines, table } from '../print.ts';
import { number, readDigits } from './data.ts';
import type { Digits } from './data.ts';

export interface TrainFlags {
  images?: string[];
  labels?: string;
  testImages?: string[];
  testLabels?: string;
  classes?: string;
  norm: 'l2' | 'linf';
  eps?: string;
  loss: 'hinge' | 'logistic';
  ridge: string;
  svmRidge: string;
  gap: string;
  limit?: string;
  testLimit?: string;
  out: string;
  json?: boolean;
}

/**
 * `hairline linear train`: three linear models of the same images, plain, soft-margin SVM and adversarially trained, as
 * ONNX, and their exact curves of robust accuracy.
 * @throws UserError naming the flag that is missing or wrong
 */
export async function trainLinear(flags: TrainFlags): Promise<void> {
  if (!flags.images?.length) throw new UserError('Give the training images with --images PATH.');
  const asked = flags.classes?.split(',').map(Number) ?? null;
  if (asked && (asked.length < 2 || new Set(asked).size < asked.length || asked.some((k) => !Number.isInteger(k) || k < 0)))
    throw new UserError(`--classes takes two or more different class numbers, such as 3,7, not ${flags.classes}.`);
  const [epsilon, ridge, svmRidge] = [
    number('--eps', flags.eps ?? (flags.norm === 'l2' ? '1' : '0.1'), 0),
    number('--ridge', flags.ridge, 1e-12),
    number('--svm-ridge', flags.svmRidge, 1e-12),
  ];
  const gap = number('--gap', flags.gap, 1e-9);
  const all = await readDigits(flags.images, flags.labels ?? null, asked, flags.limit, '--limit');
  // Without a choice, the classes that there are.
  const classes = asked ?? [...new Set(all.items.map(({ label }) => label))].sort((a, b) => a - b);
  if (!asked) for (const item of all.items) item.label = classes.indexOf(item.label);
  const [training, test] = flags.testImages
    ? [all, await readDigits(flags.testImages, flags.testLabels ?? null, classes, flags.testLimit, '--test-limit')]
    : halves(all);
  const { shape } = training;
  const count = classes.length;

  const base = { loss: flags.loss, norm: flags.norm };
  const recipes: [string, Recipe][] = [
    ['plain', { ...base, epsilon: 0, ridge }],
    ['svm', { loss: 'hinge', norm: flags.norm, epsilon: 0, ridge: svmRidge }],
    ['adversarial', { ...base, epsilon, ridge }],
  ];
  await mkdir(flags.out, { recursive: true });
  const trained = recipes.map(([name, recipe]) => {
    const result = trainClasses(training.items, count, recipe, gap, progress(name, count));
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    const distances = exactDistances(flags.norm, result.model, test.items, shape.channels);
    return {
      name,
      recipe,
      ...result,
      curve: robustCurve(distances, test.items.length),
      clean: robustAccuracy(distances, test.items.length, 0),
      robust: robustAccuracy(distances, test.items.length, epsilon),
    };
  });

  const file = (name: string): string => join(flags.out, name);
  for (const { name, model } of trained) await writeFile(file(`${name}.onnx`), saveGraph(linearGraph(model, shape)).bytes);
  const named = trained.map(({ name, curve }) => ({ name, points: curve }));
  const end = Math.max(2 * epsilon, ...trained.map(({ curve }) => curve.find(({ accuracy }) => accuracy! < 0.02)?.eps ?? 0)) || 1;
  // Chart and PDF libraries take a second to load: only here.
  const { curvesFigure, drawFigure } = await import('../../report/curvesFigure.ts');
  const { svg, pdf } = await drawFigure(curvesFigure(flags.norm, named, end, [epsilon]), 'Robust accuracy of linear models', new Date());
  await writeFile(file('curves.svg'), svg);
  await writeFile(file('curves.pdf'), pdf);
  await writeFile(file('curves.csv'), curvesCsv(named));
  await writeFile(
    file('test-images.npy'),
    encodeNpy(Buffer.concat(test.items.map(({ picture }) => picture.data)), [
      test.items.length,
      shape.height,
      shape.width,
      ...(shape.channels > 1 ? [shape.channels] : []),
    ]),
  );
  await writeFile(file('test-labels.txt'), test.items.map(({ label }) => `${label}\n`).join(''));
  const summary = trained.map(({ name, recipe, value, bound, steps, clean, robust }) => ({
    name,
    ...recipe,
    value,
    bound,
    steps,
    clean: clean.accuracy,
    robust: robust.accuracy,
    at: epsilon,
  }));
  await writeFile(
    file('results.json'),
    `${JSON.stringify({ classes, training: training.items.length, test: test.items.length, models: summary }, null, 2)}\n`,
  );

  if (flags.json) return json({ out: flags.out, models: summary });
  line(`${training.items.length} training images, ${test.items.length} test images, ${count} classes`);
  lines(
    table([
      ['model', 'training objective', 'proven minimum at least', 'test accuracy', `exactly robust at ${formatBudget(flags.norm, epsilon)}`],
      ...trained.map(({ name, value, bound, clean, robust }) => [
        name,
        significant(value, 5),
        significant(bound, 5),
        accuracyText(clean),
        accuracyText(robust),
      ]),
    ]),
  );
  line(
    `in ${flags.out}: three .onnx models, curves.svg, curves.pdf, curves.csv, results.json, and the test images with labels for hairline audit`,
  );
}

/** One line on a terminal that is written over; nothing elsewhere. */
function progress(name: string, classes: number): (steps: number, value: number, bound: number, one: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (steps, value, bound, one) => {
    const which = classes > 2 ? `${name}, class ${one + 1} of ${classes}` : name;
    process.stderr.write(`\r\x1b[K${which}: step ${steps}, objective ${significant(value)}, proven at least ${significant(bound)}`);
  };
}

/** Where no test images are given, the last fifth of the others. */
function halves({ shape, items }: Digits): [Digits, Digits] {
  const cut = items.length - Math.max(1, Math.floor(items.length / 5));
  return [
    { shape, items: items.slice(0, cut) },
    { shape, items: items.slice(cut) },
  ];
}
