import { classLabel, formatDistance, percent } from '../../../shared/format.ts';
import { NORM_LABEL, NORMS } from '../../../shared/norms.ts';
import type { Finding, ImageResult, Results } from '../../../shared/results.ts';
import { figureName, figuresOf, figuresWords } from '../../goals/index.ts';
import type { Picture } from '../../images/index.ts';
import { decodeImage, encodePng } from '../../images/index.ts';
import type { Block, Paper } from '../paper.ts';
import { crisp, difference, shrunk } from '../pictures.ts';
import type { Rich } from '../rich.ts';
import { bold, mono } from '../rich.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from '../theme.ts';
import { goalSuffix } from '../words.ts';

export type ReadPng = (file: string) => Promise<Uint8Array>;

/** Six rows of two fill a page; with outputs, five rows of one image and five pictures. */
const PER_THREAT = { plain: 12, outputs: 5 };
const GAP = 23;
const HALF = (BODY_WIDTH - GAP) / 2;
const BETWEEN = 6;
/** Longest side of a picture on the page. */
const SIDE = { plain: 67, outputs: 84 };
const ROW_GAP = 11;
const TEXT = { size: SIZE.small, leading: 1.34 } as const;
/** Pixels of an embedded picture's longer side: about 300 dpi at the size it has on the page. */
const PIXELS = 300;

interface Example {
  image: ImageResult;
  finding: Finding;
}

/** The smallest changes that break an image, per threat model: clean, adversarial, difference, and what the model says. */
export async function gallery(paper: Paper, results: Results, readPng: ReadPng): Promise<void> {
  const chosen = results.threats.map((_, threat) => smallest(results, threat));
  if (chosen.every((examples) => examples.length === 0)) return;
  const outputs = results.output
    ? `${results.output.picture ? 'Then what the original model puts out for the clean and for the adversarial image; ' : ''}${figureNames(results)} of those outputs against the goal’s reference. `
    : '';
  const intro =
    `Clean image, adversarial image as exported, and their signed difference around grey, enlarged by the stated factor. ${outputs}` +
    `Distances are those of the exported 8-bit PNG, in brackets that of the attack’s own point in floating point.${results.output ? '' : ' Percentages are the softmax of the class.'}`;
  let opened = false;
  for (const [t, examples] of chosen.entries()) {
    if (examples.length === 0) continue;
    const rows: Card[][] = [];
    const perRow = results.output?.picture ? 1 : 2;
    for (let i = 0; i < examples.length; i += perRow) {
      rows.push(await Promise.all(examples.slice(i, i + perRow).map((example) => prepare(paper, results, t, example, readPng))));
    }
    // A threat model's pictures stay on one page wherever they fit on one.
    const total = rows.reduce((sum, row) => sum + rowHeight(row), 0) - ROW_GAP;
    if (opened) paper.heading(2, title(results, t), Math.min(total, 660));
    else {
      paper.heading(1, 'Smallest changes that break an image', Math.min(total + 50, 700));
      const unset = results.output || (results.classNames ?? []).every((name) => paper.sets(name)) ? '' : ` ${UNSET}`;
      paper.text(intro + unset, { size: SIZE.small, color: COLOR.soft, after: 0 });
      paper.heading(2, title(results, t), rowHeight(rows[0]!));
      opened = true;
    }
    for (const row of rows) {
      paper.need(rowHeight(row) - ROW_GAP);
      row.forEach((card, c) => drawCard(paper, card, PAGE.left + c * (HALF + GAP), paper.y));
      paper.y += rowHeight(row);
    }
  }
}

/** `PSNR and SSIM are`: what the goals report, each once. */
function figureNames({ threats }: Results): string {
  const names = [...new Set(threats.flatMap(({ goal }) => figuresOf(goal).map((card) => figureName(goal, card))))];
  return names.length === 1 ? `${names[0]!} is` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!} are`;
}

function title(results: Results, threat: number): string {
  return `${NORM_LABEL[results.threats[threat]!.norm]}${goalSuffix(results.threats[threat]!)}`;
}

function rowHeight(cards: Card[]): number {
  return Math.max(...cards.map((card) => card.size.height + 3 + card.text.height)) + ROW_GAP;
}

/** The findings with the smallest 8-bit distance in the threat's norm; the order of the images settles ties. */
function smallest(results: Results, threat: number): Example[] {
  const best = results.images.flatMap((image) => {
    const outcome = image.outcomes.find((candidate) => candidate.threat === threat);
    if (outcome?.state !== 'broken' || outcome.distance === null) return [];
    const finding = results.findings.find((f) => f.image === image.id && f.threat === threat && f.attack === outcome.best);
    return finding?.file ? [{ image, finding, distance: outcome.distance }] : [];
  });
  return best.sort((a, b) => a.distance - b.distance).slice(0, results.output?.picture ? PER_THREAT.outputs : PER_THREAT.plain);
}

/** The attack and, of a preset, which of its own found the picture. */
function foundBy({ attack, by }: Finding): string {
  return by === undefined ? attack : `${attack}: ${by}`;
}

interface Card {
  pictures: Uint8Array[];
  /** Of each picture on the page. */
  size: { width: number; height: number };
  alt: string;
  text: Block;
}

async function prepare(paper: Paper, results: Results, t: number, { image, finding }: Example, readPng: ReadPng): Promise<Card> {
  const norm = results.threats[t]!.norm;
  const clean = await decodeImage(await readPng(image.file), image.file);
  const adversarial = await decodeImage(await readPng(finding.file!), finding.file!);
  const { picture, factor } = difference(clean, adversarial);
  const ends = [image.outputs[t]?.file, finding.output?.file].filter((file): file is string => typeof file === 'string');
  const puts = await Promise.all(ends.map(async (file) => decodeImage(await readPng(file), file)));
  const pictures: Uint8Array[] = [];
  for (const one of [clean, adversarial, picture, ...puts]) pictures.push(await encodePng(forPage(one)));
  const width = results.output?.picture ? BODY_WIDTH : HALF;
  const { goal } = results.threats[t]!;
  const [before, after] = results.output
    ? [figuresWords(goal, image.outputs[t]!.figures), figuresWords(goal, finding.output!.figures)]
    : [said(paper, results, image.top, image.prediction), said(paper, results, finding.top, finding.prediction!)];
  const distance = (value: number | null): string => formatDistance(norm, value);
  const eight = finding.eightBit!;
  const others = NORMS.filter((other) => other !== norm).map((other) => `${NORM_LABEL[other]} ${formatDistance(other, eight[other])}`);
  const how = `${foundBy(finding)}  ·  difference × ${factor}  ·  `;
  const source = paper.fit(image.source, 'mono', TEXT.size, width - paper.lineWidth(how, 'text', TEXT.size) - 2, 'start');
  const text: Rich = [
    ...(results.output ? ['output '] : []),
    bold(before),
    '  →  ',
    { text: after, face: 'bold', color: COLOR.broken },
    `\n${NORM_LABEL[norm]} `,
    bold(distance(eight[norm])),
    ` (${distance(finding.float?.[norm] ?? null)})  ·  ${others.join('  ·  ')}\n`,
    { text: how, color: COLOR.soft },
    { ...mono(source), color: COLOR.soft },
  ];
  const scale = (results.output?.picture ? SIDE.outputs : SIDE.plain) / Math.max(clean.width, clean.height);
  const alt = `Clean image, adversarial image, and their difference times ${factor}${puts.length === 2 ? '; output for the clean one' : ''}`;
  return {
    pictures,
    size: { width: clean.width * scale, height: clean.height * scale },
    alt: results.output
      ? `${alt}${puts.length === 2 ? ' and for the adversarial one' : ''}: ${before}, then ${after}.`
      : `Clean image taken for ${before}, adversarial image taken for ${after}, and their difference times ${factor}.`,
    text: paper.measure(text, width, TEXT),
  };
}

const UNSET =
  'Class names in letters that the fonts of this report lack are left out, and the number of the class stands alone; the attached results.json has them.';

/** Class and probability in less than half a card: `3 cat 97.1 %`; the class by its number where its name would be boxes. */
function said(paper: Paper, results: Results, top: ImageResult['top'], prediction: number): string {
  const score = top.find((candidate) => candidate.class === prediction);
  const sure = score ? ` ${percent(score.probability)}` : '';
  const room = (HALF - paper.lineWidth('x→xxx', 'text', TEXT.size)) / 2 - paper.lineWidth(sure, 'bold', TEXT.size) - 1;
  const names = paper.sets(results.classNames?.[prediction] ?? '') ? results.classNames : null;
  return paper.fit(classLabel(names, prediction), 'bold', TEXT.size, room) + sure;
}

function forPage(picture: Picture): Picture {
  return crisp(shrunk(picture, PIXELS), PIXELS);
}

function drawCard(paper: Paper, card: Card, x: number, y: number): void {
  const { width, height } = card.size;
  // Outputs stand apart from inputs.
  const left = (i: number): number => x + i * (width + BETWEEN) + (i > 2 ? 2 * BETWEEN : 0);
  const last = card.pictures.length - 1;
  paper.leaf('Figure', { alt: card.alt, bbox: [x, y, left(last) + width, y + height], placement: 'Block' }, () => {
    card.pictures.forEach((png, i) =>
      paper.doc.image(Buffer.from(png), left(i), y, { fit: [width, height], align: 'center', valign: 'center' }),
    );
  });
  // Around the pictures, not over them: a white picture has an edge, and no pixel is hidden.
  paper.decorate(() => {
    for (let i = 0; i <= last; i++)
      paper.doc
        .rect(left(i) - 0.2, y - 0.2, width + 0.4, height + 0.4)
        .lineWidth(0.4)
        .strokeColor(COLOR.rule)
        .stroke();
  });
  paper.leaf('Caption', {}, () => paper.draw(card.text, x, y + height + 3));
}
