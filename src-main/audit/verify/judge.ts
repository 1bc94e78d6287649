import { figureText } from '../../../shared/goalWords.ts';
import type { AuditPlan, Goal } from '../../../shared/plan.ts';
import type { Figures, Finding, ImageResult, OutputResult } from '../../../shared/results.ts';
import type { Graph } from '../../graph/index.ts';
import { toUnit } from '../../images/index.ts';
import type { Picture } from '../../images/index.ts';
import { findOutput } from '../../model/networkOutput.ts';
import type { NetworkOutput } from '../../model/networkOutput.ts';
import { fixInputs } from '../../model/inputs.ts';
import { findImageInput, networkInput } from '../../model/network.ts';
import { findLogits } from '../../model/output.ts';
import { openOriginal, openOriginalOutput } from '../../runtime/original.ts';
import type { Original, OriginalOutput } from '../../runtime/original.ts';
import { traceFacts } from '../../runtime/trace.ts';
import { figuresOf, figuresWords, outputAim, targetOf } from '../../goals/index.ts';
import { outputPicture } from '../outputPicture.ts';
import type { ImageRecord, Setup } from '../records.ts';
import { differences } from './differences.ts';
import { scoreProblems } from './scores.ts';

/** A picture of the audit's folder; null, and a word to whoever collects them, where it cannot be read. */
export type ReadPicture = (file: string, problems: string[]) => Promise<Picture | null>;

/** What the original model says against what is told, a sentence for each difference. */
export interface Judge {
  /** What was settled of the model and is otherwise here. */
  problems: string[];
  /** Pictures whose class this machine's rounding may decide. */
  ties: string[];
  clean(image: ImageRecord, picture: Picture): Promise<string[]>;
  finding(image: ImageRecord, clean: Picture, finding: Finding, picture: Picture): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Opens the original model on the CPU, without any derived graph.
 * @param plan its model and its pictures to be matched are opened
 * @param setup what the audit settled of the model
 */
export async function openJudge(
  graph: Graph,
  plan: AuditPlan,
  setup: Setup,
  first: Pick<ImageResult, 'width' | 'height' | 'channels'>,
  read: ReadPicture,
): Promise<Judge> {
  const { preprocessing } = plan;
  const input = findImageInput(graph, plan.input, plan.fixed);
  const rows = input.batch ?? 1;
  const network = networkInput(input, preprocessing, { ...first, channels: first.channels as 1 | 3 }, rows);
  const fixed = fixInputs(graph, input.others, rows, input.batch);
  const facts = await traceFacts(fixed, { [input.name]: network.dims });
  const request = { graph, input, preprocessing, provider: 'cpu' as const };
  const problems =
    setup.input === '' || setup.input === input.name
      ? []
      : [`The journal says that the input ${setup.input} takes the image, and it is ${input.name}.`];
  const sides = { told: 'the journal', found: 'the model' };
  if (setup.output === null) {
    const output = findLogits(graph, facts, rows, plan.answer);
    const of = ({ kind, width, classes, threshold }: typeof output) => ({
      kind,
      width,
      classes,
      ...(threshold !== undefined && { threshold }),
    });
    if (setup.scores) problems.push(...differences(of(setup.scores), of(output), sides, ['scores']).problems);
    else if (setup.classes !== output.classes)
      problems.push(`classes: the report says ${setup.classes}, the model tells ${output.classes} apart.`);
    return classJudge(await openOriginal({ ...request, output }), plan, setup, problems);
  }
  const output = findOutput(fixed, facts, plan.output, rows, network.image);
  problems.push(...differences(setup.output, output, sides, ['output']).problems);
  return outputJudge(await openOriginalOutput({ ...request, output }), output, plan, read, problems);
}

function classJudge(original: Original, plan: AuditPlan, setup: Setup, problems: string[]): Judge {
  const ties: string[] = [];
  const exact = setup.provider.used === 'cpu';
  return {
    problems,
    ties,
    async clean(image, picture) {
      const scores = await original.predict(toUnit(picture), picture);
      const { problems: found, tie } = scoreProblems(image.file, image, scores, exact);
      if (tie) ties.push(image.file);
      if (image.leastLikely >= 0 && !isLeast(image.leastLikely, scores.logits))
        found.push(
          `${image.file}: the journal says that class ${image.leastLikely} is the least likely, and the model that others are less so.`,
        );
      if (!image.labelGiven && image.label !== image.prediction)
        found.push(`${image.file}: no label was given, so class ${image.prediction} counts as right, and the report says ${image.label}.`);
      return found;
    },
    async finding(image, _clean, finding, picture) {
      const file = finding.file!;
      const scores = await original.predict(toUnit(picture), picture);
      const { problems: found, tie } = scoreProblems(file, finding, scores, exact);
      if (tie) ties.push(file);
      // Of two classes that rounding decides between, what is told counts.
      const prediction = tie ? finding.prediction! : scores.prediction;
      const goal = targetOf(plan.threats[finding.threat]!.goal, image, image.index, setup.classes);
      if (prediction === image.label) found.push(`${file} does not break the model: it still says ${prediction}.`);
      else if (goal !== null && goal >= 0 && prediction !== goal)
        found.push(`${file} does not reach its target: the model says class ${prediction}, and class ${goal} was to be reached.`);
      return found;
    },
    close: () => original.close(),
  };
}

/** Of many classes some are as good as equal. */
function isLeast(k: number, logits: Float64Array): boolean {
  const [low, high] = [Math.min(...logits), Math.max(...logits)];
  return logits[k]! - low <= SCORES * 10 * Math.max(1, high - low);
}

function outputJudge(original: OriginalOutput, output: NetworkOutput, plan: AuditPlan, read: ReadPicture, problems: string[]): Judge {
  const aims = plan.threats.map(({ goal }) => outputAim(goal));
  /** The output for a picture against a goal's reference and against what the report says of it. */
  const compare = async (
    name: string,
    threat: number,
    clean: Picture,
    picture: Picture,
    told: OutputResult | null,
  ): Promise<{ y: Float64Array; figures: Figures; problems: string[] }> => {
    const reference = await aims[threat]!.reference(original, toUnit(clean), clean, output);
    const y = await original.output(toUnit(picture), picture);
    const figures = y.every(Number.isFinite) ? aims[threat]!.figures(y, reference, output) : {};
    return { y, figures, problems: figureProblems(name, plan.threats[threat]!.goal, figures, told?.figures ?? {}) };
  };
  /** The picture of an output, which people look at, beside the output itself. */
  const shown = async (file: string | null, y: Float64Array, peak: number): Promise<string[]> => {
    if (file === null) return [];
    const found: string[] = [];
    const picture = await read(file, found);
    const own = outputPicture(y, output, peak);
    if (picture && (own === null || picture.data.length !== own.data.length || picture.data.some((v, i) => Math.abs(v - own.data[i]!) > 1)))
      found.push(`${file} is not what the model puts out.`);
    return found;
  };
  return {
    problems,
    ties: [],
    async clean(image, picture) {
      const found: string[] = [];
      for (const [threat, told] of image.outputs.entries()) {
        const { y, problems: one } = await compare(image.file, threat, picture, picture, told);
        if (threat === 0) found.push(...(await shown(told.file, y, aims[threat]!.peak)));
        found.push(...one);
      }
      return found;
    },
    async finding(_image, clean, finding, picture) {
      const { y, figures, problems: found } = await compare(finding.file!, finding.threat, clean, picture, finding.output);
      if (!aims[finding.threat]!.reached(figures))
        found.push(`${finding.file} does not break the model: its output has ${words(plan.threats[finding.threat]!.goal, figures)}.`);
      return [...found, ...(await shown(finding.output?.file ?? null, y, aims[finding.threat]!.peak))];
    },
    close: () => original.close(),
  };
}

/** The figures of an output here against those that are told of it. */
function figureProblems(name: string, goal: Goal, found: Figures, told: Figures): string[] {
  const strangers = Object.keys(told).filter((figure) => !figuresOf(goal).some((known) => known.name === figure));
  return [
    ...strangers.map((figure) => `${name}: the report gives the output a figure ${figure}, which its goal has not.`),
    ...figuresOf(goal)
      .filter((figure) => differ(found[figure.name], told[figure.name], figure.slack))
      .map((figure) => {
        const [here, there] = [found, told].map((of) => figureText(figure, of[figure.name], PLACES));
        return `${name}: the output's ${figure.name} against its reference is ${here}, the report says ${there}.`;
      }),
  ];
}

type FigureValue = number | null | undefined;
const differ = (a: FigureValue, b: FigureValue, slack: number) =>
  typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) > slack : a !== b;
const words = (goal: Goal, figures: Figures): string => figuresWords(goal, figures) || 'no figures, since it is no number';

/** So many that a difference is seen. */
const PLACES = 6;
/** Of two classes' scores: another machine's kernels may round them differently. */
const SCORES = 1e-4;
