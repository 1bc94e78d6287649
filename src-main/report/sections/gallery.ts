import { classLabel, formatDistance, percent } from '../../../shared/format.ts';
import { NORM_LABEL } from '../../../shared/norms.ts';
import type { Finding, ImageResult, Results } from '../../../shared/results.ts';
import type { Picture } from '../../images/index.ts';
import { decodeImage, encodePng } from '../../images/index.ts';
import type { Paper } from '../paper.ts';
import { crisp, difference, shrunk } from '../pictures.ts';
import type { Rich } from '../rich.ts';
import { bold, mono } from '../rich.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from '../theme.ts';
import { goalSuffix } from '../words.ts';

export type ReadPng = (file: string) => Promise<Uint8Array>;

const PER_THREAT = 12;
const GAP = 21;
const CARD = (BODY_WIDTH - GAP) / 2;
const BETWEEN = 6;
const SIDE = (CARD - 2 * BETWEEN) / 3;
/** Pixels of an embedded picture's longer side: about 300 dpi at the size it has on the page. */
const PIXELS = 320;

interface Example {
  image: ImageResult;
  finding: Finding;
}

/** The smallest changes that break an image, per threat model: clean, adversarial, difference, and what the model says. */
export async function gallery(paper: Paper, results: Results, readPng: ReadPng): Promise<void> {
  const chosen = results.threats.map((_, threat) => smallest(results, threat));
  if (chosen.every((examples) => examples.length === 0)) return;
  paper.heading(1, 'Smallest changes that break an image', 220);
  paper.text(
    'From left to right: the clean image, the adversarial one as exported, and their signed difference, enlarged around grey by the stated factor. ' +
      'Distances are those of the exported 8-bit PNG; in brackets that of the attack’s own point in floating point. Probabilities are the model’s softmax.',
    { after: 2 },
  );
  for (const [t, examples] of chosen.entries()) {
    if (examples.length === 0) continue;
    const threat = results.threats[t]!;
    paper.heading(2, `${NORM_LABEL[threat.norm]}${goalSuffix(threat)}`, SIDE + 50);
    for (let i = 0; i < examples.length; i += 2) {
      const cards = await Promise.all(examples.slice(i, i + 2).map((example) => prepare(paper, results, t, example, readPng)));
      const height = SIDE + Math.max(...cards.map((card) => card.text.height)) + 14;
      paper.need(height);
      cards.forEach((card, c) => drawCard(paper, card, PAGE.left + c * (CARD + GAP), paper.y));
      paper.y += height;
    }
  }
}

/** The findings with the smallest 8-bit distance in the threat's norm; the order of the images settles ties. */
function smallest(results: Results, threat: number): Example[] {
  const best = results.images.flatMap((image) => {
    const outcome = image.outcomes.find((candidate) => candidate.threat === threat);
    if (outcome?.state !== 'broken' || outcome.distance === null) return [];
    const finding = results.findings.find((f) => f.image === image.id && f.threat === threat && f.attack === outcome.best);
    return finding?.file ? [{ image, finding, distance: outcome.distance }] : [];
  });
  return best.sort((a, b) => a.distance - b.distance).slice(0, PER_THREAT);
}

interface Card {
  pictures: Uint8Array[];
  alt: string;
  factor: number;
  text: ReturnType<Paper['measure']>;
}

async function prepare(paper: Paper, results: Results, t: number, { image, finding }: Example, readPng: ReadPng): Promise<Card> {
  const norm = results.threats[t]!.norm;
  const clean = await decodeImage(await readPng(image.file), image.file);
  const adversarial = await decodeImage(await readPng(finding.file!), finding.file!);
  const { picture, factor } = difference(clean, adversarial);
  const pictures: Uint8Array[] = [];
  for (const one of [clean, adversarial, picture]) pictures.push(await encodePng(forPage(one)));
  const before = said(results, image.top, image.prediction);
  const after = said(results, finding.top, finding.prediction!);
  const distance = (value: number | null): string => formatDistance(norm, value);
  const eight = finding.eightBit!;
  const others = (['l0', 'l1', 'l2', 'linf'] as const).filter((other) => other !== norm).map((other) => `${NORM_LABEL[other]} ${formatDistance(other, eight[other])}`);
  const text: Rich = [
    bold(before),
    '  →  ',
    { text: after, face: 'bold', color: COLOR.broken },
    '\n',
    `${NORM_LABEL[norm]} `,
    bold(distance(eight[norm])),
    ` (${distance(finding.float?.[norm] ?? null)})  ·  ${others.join('  ·  ')}`,
    '\n',
    { text: `${finding.attack}  ·  difference × ${factor}  ·  `, color: COLOR.soft },
    { ...mono(tail(image.source, 44)), color: COLOR.soft },
  ];
  const alt = `Clean image taken for ${before}, adversarial image taken for ${after}, and their difference times ${factor}.`;
  return { pictures, alt, factor, text: paper.measure(text, CARD, { size: SIZE.small, leading: 1.36 }) };
}

/** Class with probability: `3 cat 97.1 %`. */
function said(results: Results, top: ImageResult['top'], prediction: number): string {
  const score = top.find((candidate) => candidate.class === prediction);
  const label = classLabel(results.classNames, prediction);
  return `${label.length > 42 ? `${label.slice(0, 41)}…` : label}${score ? ` ${percent(score.probability)}` : ''}`;
}

/** The end of a long path, where the file's name stands. */
function tail(path: string, most: number): string {
  return path.length > most ? `…${path.slice(1 - most)}` : path;
}

function forPage(picture: Picture): Picture {
  return crisp(shrunk(picture, PIXELS), PIXELS);
}

function drawCard(paper: Paper, card: Card, x: number, y: number): void {
  const box = [x, y, x + CARD, y + SIDE];
  paper.leaf('Figure', { alt: card.alt, bbox: box, placement: 'Block' }, () => {
    card.pictures.forEach((png, i) => {
      const left = x + i * (SIDE + BETWEEN);
      paper.doc.image(Buffer.from(png), left, y, { fit: [SIDE, SIDE], align: 'center', valign: 'center' });
    });
  });
  paper.decorate(() => {
    for (let i = 0; i < 3; i++) paper.doc.rect(x + i * (SIDE + BETWEEN), y, SIDE, SIDE).lineWidth(0.4).strokeColor(COLOR.rule).stroke();
  });
  paper.leaf('Caption', {}, () => paper.draw(card.text, x, y + SIDE + 3));
}
