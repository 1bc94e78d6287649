import { count, duration, dateTime } from '../../../shared/format.ts';
import { AuditPlan } from '../../../shared/plan.ts';
import { shortened } from '../../../shared/printable.ts';
import type { Results } from '../../../shared/results.ts';
import { compactJson, resultsFingerprint, resultsHash } from '../json.ts';
import type { Paper } from '../paper.ts';
import type { Rich } from '../rich.ts';
import { mono } from '../rich.ts';
import { facts } from '../table.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from '../theme.ts';

const PLAN_LINES = 150;
const PLAN_LINE = 500;

/** All that somebody else needs to get the same numbers, how to check the images, and room to sign. */
export function repeat(paper: Paper, results: Results): void {
  paper.heading(1, 'How to repeat this audit', 140);
  paper.text(
    'Three files are attached to this PDF: plan.json, results.json and results.csv. Save the plan, put the model and the images where it says (or change the paths in it), and run:',
    { after: 5 },
  );
  const dropped = Boolean(AuditPlan.safeParse(results.plan).data?.dropped);
  command(paper, `hairline audit plan.json ${dropped ? '--images FOLDER ' : ''}--out repeat`);
  if (dropped)
    paper.text(
      'The files were dropped into a browser’s window, so the plan knows their names and hashes: FOLDER is any folder that they lie in, whatever they are called there.',
      { after: 5 },
    );
  paper.text(
    'The same plan, model and images give the same results on the same versions, byte for byte apart from the times. Whoever holds the audit’s folder checks the exported images against the original model with:',
    { after: 5 },
  );
  command(paper, 'hairline verify FOLDER');
  paper.text([
    `This puts the results together anew from the audit’s journal, compares them figure by figure, and runs every exported PNG through the model whose hash stands below, for its ${results.output ? 'output’s PSNR' : 'decision'} and distance. ` +
      'What no file can show, above all that the attacks were run on images that held, it names; ',
    mono('--repeat 5'),
    ' runs a sample of them again. Other software can check the same, because PNG, ONNX and JSON are open formats; ',
    mono('hairline schema'),
    ' prints the JSON Schema of results.json.',
  ]);
  paper.space(4);
  hashes(paper, results);
  signatures(paper, results);
  plan(paper, results);
}

function hashes(paper: Paper, results: Results): void {
  const { timing } = results;
  const versions = Object.entries(results.versions)
    .filter(([name]) => name !== 'hairline')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  facts(paper, [
    ['results.json', [mono(resultsHash(results)), '\nsha256 of the attached file; also at the foot of every page']],
    ['Fingerprint', [mono(resultsFingerprint(results)), '\nsha256 of the results without their times; a repeat has the same']],
    ['Model', [mono([results.model.sha256, ...results.model.weights.map(({ sha256 }) => sha256)].join('\n'))]],
    ['Seed', String(results.seed)],
    ['Versions', [`Hairline ${results.hairline}`, ...versions.map(([name, version]) => `${name} ${version}`)].join(', ')],
    ['Time', `from ${dateTime(timing.started)} to ${dateTime(timing.finished)}, ${duration(timing.seconds)} of work`],
    ['Machine', `${timing.machine}; workers ${timing.workers}, images at once ${timing.batch}${resumedWords(timing)}`],
  ]);
}

/** How often is not known: a session that was killed leaves no word. */
function resumedWords({ resumed, oneGo }: Results['timing']): string {
  if (resumed > 0) return `, resumed with ${count(resumed)} ${resumed === 1 ? 'finding' : 'findings'} from before`;
  if (oneGo === undefined) return '';
  return oneGo ? ', in one go' : ', resumed';
}

function command(paper: Paper, text: string): void {
  const block = paper.measure([mono(text)], BODY_WIDTH - 20, { size: SIZE.table });
  const height = block.height + 10;
  paper.need(height);
  paper.decorate(() => paper.doc.rect(PAGE.left, paper.y, BODY_WIDTH, height).fill(COLOR.wash));
  paper.leaf('Code', {}, () => paper.draw(block, PAGE.left + 10, paper.y + 5));
  paper.y += height + 8;
}

function plan(paper: Paper, results: Results): void {
  paper.heading(1, 'The plan', 60);
  const lines = compactJson(AuditPlan.safeParse(results.plan).data ?? results.plan, 118).split('\n');
  const shown = (
    lines.length > PLAN_LINES
      ? [...lines.slice(0, PLAN_LINES - 1), `… ${lines.length - PLAN_LINES + 1} more lines in the attached plan.json`]
      : lines
  ).map((line) => shortened(line, PLAN_LINE));
  // A leading space would be dropped at a line's start; a hard one keeps the indent.
  const text: Rich = [mono(shown.map((line) => line.replace(/^ +/, (indent) => '\u00a0'.repeat(indent.length))).join('\n'))];
  paper.text(text, { size: 6.5, leading: 1.3, color: COLOR.soft, type: 'Code' });
}

/** Two people sign: who ran the audit and who went through it. */
function signatures(paper: Paper, results: Results): void {
  const rows = ['Name and organisation', 'Place and date', 'Signature'];
  const rowHeight = 27;
  const height = 46 + rows.length * rowHeight;
  paper.heading(1, 'Signatures', height);
  paper.text(
    ['We confirm that this report states the results, sha256 ', mono(`${resultsHash(results).slice(0, 16)}…`), ', as they were found.'],
    { after: 6 },
  );
  const width = (BODY_WIDTH - 30) / 2;
  ['Auditor', 'Reviewed by'].forEach((who, i) => {
    const x = PAGE.left + i * (width + 30);
    paper.put(who, x, paper.y, width, { face: 'bold' });
    rows.forEach((label, r) => {
      const y = paper.y + 16 + (r + 1) * rowHeight;
      paper.rule(y, COLOR.soft, 0.5, x, x + width);
      paper.put(label, x, y + 1.5, width, { size: SIZE.small, color: COLOR.soft });
    });
  });
  paper.y += height - 10;
}
