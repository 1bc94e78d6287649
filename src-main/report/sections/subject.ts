import { claimsOf, claimsText, CONFIDENCE, type Claims } from '../../../shared/confidence.ts';
import { bytes, count, formatEps, formatEpsLong, knowledgeWords, NONE, NORM_MEANING, significant } from '../../../shared/format.ts';
import { verdictOf, verdictWords, wordOf } from '../../../shared/gradientCheck.ts';
import { isGrave } from '../../../shared/grave.ts';
import { isCount, NORM_LABEL } from '../../../shared/norms.ts';
import { networkOutputWords, scoresWords } from '../../../shared/outputs.ts';
import { shortened } from '../../../shared/printable.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import type { ModelIdentity, Results, ThreatResult } from '../../../shared/results.ts';
import { budgetNotes } from '../../../shared/reach.ts';
import { largestBudget, STATES_AT, stateCounts } from '../../../shared/states.ts';
import type { Paper } from '../paper.ts';
import type { Rich } from '../rich.ts';
import { bold, mono } from '../rich.ts';
import { facts, table } from '../table.ts';
import { COLOR, SIZE } from '../theme.ts';
import { stateWords } from '../outputWords.ts';
import { goalText } from '../../goals/index.ts';
import { labelled, optionWords } from '../words.ts';

/** Rows of a table that anybody reads. */
const LEFT_OUT = 200;

/** What was audited and how: threat models, model, images, preprocessing, provider, gradient check, and what went wrong. */
export function subject(paper: Paper, results: Results): void {
  threats(paper, results);
  model(paper, results);
  images(paper, results);
  leftOut(paper, results);
  preprocessing(paper, results);
  run(paper, results);
  troubles(paper, results);
}

function threats(paper: Paper, results: Results): void {
  paper.heading(1, 'Threat model', 170);
  paper.text(
    'The attacker changes the values of the image’s pixels before preprocessing, and stays inside what an 8-bit image can hold; what the attacker knows of the model stands under each threat model. ' +
      'A change is measured on pixel values in [0,1].',
    { after: 8 },
  );
  for (const threat of results.threats) {
    const title = { level: 2, text: `${NORM_LABEL[threat.norm]}: ${NORM_MEANING[threat.norm]}` } as const;
    facts(paper, threatFacts(results, threat), { title, after: 4 });
  }
}

function threatFacts(results: Results, threat: ThreatResult): [string, Rich][] {
  const attacks: Rich = threat.attacks.flatMap((attack, i) => [i > 0 ? '\n' : '', bold(attack.id), ` (${optionWords(attack.options)})`]);
  const eps = largestBudget(threat);
  const at = results.threats.indexOf(threat);
  const states = stateCounts(results, at, eps);
  const claims = claimsOf(results, at, eps);
  return [
    ['Budgets ε', budgets(threat)],
    ['Goal', goalText(threat.goal, 'name')!],
    ['Knowledge', knowledgeWords(threat.knowledge)],
    ['Attacks', attacks],
    [
      'Images',
      STATES_AT.filter((state) => states[state] > 0)
        .map((state) => `${count(states[state])} ${stateWords(results, state, formatEps(threat.norm, eps))}`)
        .join(', ') || 'none',
    ],
    ...(claims ? ([['Confidence', confidence(claims)]] as [string, Rich][]) : []),
  ];
}

/** How far what is said of the images carries; a mark on the page of checks is red. */
function confidence(claims: Claims): Rich {
  const marked = claims.page === 'marked' || claims.alarms;
  return [
    { text: claimsText(claims, 'en'), ...(marked && { color: COLOR.broken }) },
    { text: `\n${CONFIDENCE.en.meaning}`, color: COLOR.soft },
  ];
}

function budgets(threat: ThreatResult): string {
  return [numbers(threat), ...budgetNotes([threat])].join('\n');
}

function numbers({ norm, eps }: ThreatResult): string {
  if (isCount(norm)) return `${eps.map((one) => formatEps(norm, one)).join(', ')} ${norm === 'l0' ? 'pixel values' : 'pixels'}`;
  return eps.map((one) => formatEpsLong(norm, one)).join('; ');
}

function model(paper: Paper, results: Results): void {
  const { model: identity, output, classes, scores } = results;
  const value = ({ name, type, shape }: ModelIdentity['inputs'][number]): string => `${name}: ${type} [${shape.join(', ')}]`;
  const operators = Object.entries(identity.operators).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  facts(
    paper,
    [
      ['File', [mono(identity.file)]],
      ['sha256', [mono(identity.sha256)]],
      ...identity.weights
        .slice(0, MOST)
        .map(({ file, sha256, bytes: size }): [string, Rich] => ['Weights', [mono(file), ` (${bytes(size)}), sha256\n`, mono(sha256)]]),
      ['Size', `${bytes(identity.bytes)} (${count(identity.bytes)} bytes), ${count(identity.parameters)} parameters`],
      ['Producer', identity.producer || 'not stated'],
      [
        'Format',
        `ONNX IR ${identity.irVersion}; ${Object.entries(identity.opsets)
          .map(([domain, version]) => `opset ${version} of ${domain || 'ai.onnx'}`)
          .join(', ')}`,
      ],
      ...(identity.weights.length > MOST
        ? ([['Weights', `${count(identity.weights.length - MOST)} more files, in the attached results.json`]] as [string, Rich][])
        : []),
      ['Inputs', first(identity.inputs.map(value), '\n')],
      ['Outputs', first(identity.outputs.map(value), '\n')],
      ...fixedFacts(results),
      output ? ['Audited output', networkOutputWords(output)] : ['Classes', `${count(classes)}${scores ? scoresWords(scores) : ''}`],
      [
        'Operators',
        first(
          operators.map(([name, n]) => `${shortened(name, 80)} ${count(n)}`),
          ', ',
          200,
        ),
      ],
    ],
    { title: { level: 1, text: 'Model' } },
  );
}

/** What a person looks through of a list; all of it stands in results.json. */
const MOST = 30;

function first(texts: string[], between: string, most = MOST): string {
  const shown = texts.slice(0, most).map((text) => shortened(text, 300));
  return [...shown, ...(texts.length > most ? [`${count(texts.length - most)} more in the attached results.json`] : [])].join(between);
}

/** What inputs beside the image held, where there are any. */
function fixedFacts({ model: { inputs }, plan }: Results): [string, Rich][] {
  if (inputs.length < 2) return [];
  const { input = null, fixed = {} } = plan as Partial<Pick<AuditPlan, 'input' | 'fixed'>>;
  const words = (value: number | number[]): string =>
    typeof value === 'number'
      ? significant(value, 6)
      : `${value.length > 8 ? `${value.slice(0, 8).join(', ')}, … (${count(value.length)} values)` : value.join(', ')}`;
  const others = inputs.filter(({ name }) => name !== input && (input !== null || name in fixed));
  return [
    ...(input === null ? [] : ([['Image input', input]] as [string, Rich][])),
    [
      'Other inputs',
      others.length > 0
        ? first(
            others.map(({ name }) => `${name} = ${words(fixed[name] ?? 0)}`),
            '\n',
          )
        : '0 wherever there is another one',
    ],
  ];
}

const LACKED =
  'Letters that the fonts of this report lack stand as their code, such as \\u{4e2d}; the attached results.json has the names as they are.';

function images(paper: Paper, results: Results): void {
  const first = results.images[0];
  const last = results.images.at(-1);
  const sizes = [...new Set(results.images.map((image) => `${image.width} × ${image.height}, ${image.channels === 1 ? 'grey' : 'RGB'}`))];
  const file = results.files?.find(({ role }) => role === 'labels')?.file;
  const given = file === undefined ? 'with the images' : `in ${shortened(file, 300)}`;
  const lacked = [results.model.file, ...results.images.map(({ source }) => source)].some((name) => !paper.sets(name));
  const labels = {
    all: `given ${given}`,
    some: `given ${given} for some; for the others the model’s own prediction of the clean image counts as right`,
    none: 'none given; the model’s own prediction of the clean image counts as right',
  };
  facts(
    paper,
    [
      [
        'Number',
        results.leftOut
          ? `${count(results.images.length)} taken, ${count(results.leftOut.total)} left out: see “Files left out”`
          : count(results.images.length),
      ],
      ...(results.drawn && results.drawn.of > results.images.length
        ? ([['Drawn', drawnWords(results.drawn.of, results.drawn.byClass && !results.output)]] as [string, Rich][])
        : []),
      ...(first ? ([['First', [mono(first.source)]]] as [string, Rich][]) : []),
      ...(last && last !== first ? ([['Last', [mono(last.source)]]] as [string, Rich][]) : []),
      ...(lacked ? ([['Names', LACKED]] as [string, Rich][]) : []),
      ['Size', sizes.length > 6 ? `${sizes.slice(0, 6).join('; ')}; ${sizes.length - 6} more` : sizes.join('; ') || NONE],
      ...(results.output ? [] : ([['Labels', labels[labelled(results)]]] as [string, Rich][])),
      ['Identity', 'The sha256 of every image’s decoded pixels stands in the attached results.json and results.csv.'],
    ],
    { title: { level: 1, text: 'Images' } },
  );
}

function drawnWords(of: number, byClass: boolean): string {
  return `at random from ${count(of)}${byClass ? ', class by class, so that each has its share' : ''}; the seed stands in the plan`;
}

/** Files that were given and are no images of the audit. */
function leftOut(paper: Paper, { leftOut: out }: Results): void {
  if (!out) return;
  const shown = out.files.slice(0, LEFT_OUT);
  table(
    paper,
    [
      { title: 'File', share: 2 },
      { title: 'Why it could not be taken', share: 3 },
    ],
    shown.map(({ source, reason }) => ({ cells: [[mono(shortened(source, 300))], shortened(reason, 600)] })),
    { title: { level: 1, text: 'Files left out' }, after: 5 },
  );
  if (out.total > shown.length)
    paper.text(`${count(out.total - shown.length)} more; the first ${count(out.files.length)} stand in the attached results.json.`, {
      size: SIZE.small,
      color: COLOR.soft,
    });
}

function preprocessing(paper: Paper, results: Results): void {
  const p = results.preprocessing;
  const guess = (results.plan as { guess?: unknown } | null)?.guess;
  const size = p.width === null || p.height === null ? '' : ` to ${p.width} × ${p.height}`;
  const same = results.images.length > 0 && results.images.every(({ width, height }) => width === p.width && height === p.height);
  const geometry: Record<typeof p.geometry, string> = {
    none: 'none: the picture’s own size',
    stretch: same ? `none: every image is ${p.width} × ${p.height} already` : `stretched${size}`,
    'centre-crop': `shorter side resized to ${p.resizeTo ?? Math.max(p.width ?? 0, p.height ?? 0)}, then cropped at the centre${size}`,
    letterbox: `fitted inside and padded${size}, padding ${significant(p.padValue)}`,
    pad: `centred on a canvas without scaling${size}, padding ${significant(p.padValue)}`,
  };
  const resized = p.geometry !== 'none' && p.geometry !== 'pad' && !(p.geometry === 'stretch' && same);
  facts(
    paper,
    [
      ['Geometry', `${geometry[p.geometry]}${resized ? `, ${p.interpolation}` : ''}`],
      ['Channels, layout', `${p.channels.toUpperCase()}, ${p.layout.toUpperCase()}`],
      [
        'Values',
        `(value × ${significant(p.scale)} − mean) / std with mean ${p.mean.map((x) => significant(x, 6)).join(', ')} and std ${p.std.map((x) => significant(x, 6)).join(', ')}`,
      ],
      ...(typeof guess === 'string' ? ([['Taken from', `a guess, which nobody confirmed. ${guess}`]] as [string, string][]) : []),
      ['Place', 'a part of the differentiated graph: changes are those of the picture itself, before preprocessing'],
    ],
    { title: { level: 1, text: 'Preprocessing' } },
  );
}

function run(paper: Paper, results: Results): void {
  const { provider, gradientCheck: check } = results;
  const word = wordOf(check);
  const bad = word === 'failed' || word === 'zero' || word === 'tiny';
  const status: Rich = [{ text: verdictWords(check), face: 'bold', ...(bad && { color: COLOR.broken }) }];
  facts(
    paper,
    [
      [
        'Provider',
        provider.asked === provider.used
          ? `${provider.used}, as asked for`
          : `asked for ${provider.asked}, used ${provider.used}${provider.why ? `: ${provider.why}` : ''}`,
      ],
      [
        'Kernel batch',
        `${count(results.kernelBatch)} ${results.kernelBatch === 1 ? 'row' : 'rows'}, the same for every run of the network`,
      ],
      [
        'Query limit',
        results.maxQueries === null ? 'none' : `${count(results.maxQueries)} forward and backward passes per image and attack`,
      ],
      ['Gradient check', [...status, ...checkFigures(results)]],
      [
        'Surrogate gradients',
        check.straightThrough.length > 0
          ? `straight-through (BPDA) for ${check.straightThrough.join(', ')}`
          : 'none: every operator is differentiated as it is',
      ],
    ],
    { title: { level: 1, text: 'Execution and gradient check' } },
  );
}

/** How far off the checked directions were; of none there is nothing to say. */
function checkFigures({ gradientCheck: check, output }: Results): Rich {
  const forward = `: forward differs from onnxruntime’s by ${significant(check.forwardError, 2)} of the largest ${output ? 'value' : 'logit'}`;
  if (['unchecked', 'unneeded'].includes(verdictOf(check))) return check.compared === 0 ? [] : [forward];
  const tangent = check.tangentError === null ? '' : `Jv by ${significant(check.tangentError, 2)}, `;
  return [
    `${forward}, ${check.tangentError === null ? 'gradient' : 'J’u'} from central differences by ${significant(check.gradientError, 2)}, ${tangent}${count(check.directions)} random directions`,
  ];
}

function troubles(paper: Paper, results: Results): void {
  if (results.warnings.length > 0) {
    paper.heading(1, 'Warnings', 30);
    const list = paper.open('L');
    for (const warning of results.warnings) {
      const item = paper.open('LI');
      paper.text(['•  ', warning], { type: 'LBody', after: 3, ...(isGrave(warning) && { color: COLOR.broken }) });
      paper.close(item);
    }
    paper.close(list);
  }
  const failures = results.findings.filter((finding) => finding.state === 'failed');
  if (failures.length === 0) return;
  const shown = failures.slice(0, 20);
  table(
    paper,
    [
      { title: 'Image', share: 1 },
      { title: 'Norm', points: 34 },
      { title: 'Attack', points: 80 },
      { title: 'Reason', share: 4 },
    ],
    shown.map((finding) => ({
      cells: [[mono(finding.image)], NORM_LABEL[results.threats[finding.threat]!.norm], finding.attack, finding.reason ?? ''],
    })),
    { title: { level: 1, text: 'Failures' }, after: 5 },
  );
  if (failures.length > shown.length) {
    paper.text(`${count(failures.length - shown.length)} more in the attached results.csv.`, { size: SIZE.small, color: COLOR.soft });
  }
}
