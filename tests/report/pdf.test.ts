import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../shared/canonical.ts';
import { formatDistance, formatEps } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { Results } from '../../shared/results.ts';
import { brokenBy } from '../../shared/states.ts';
import { goalText } from '../../src-main/goals/index.ts';
import { renderPdf, resultsHash, resultsText, toCsv } from '../../src-main/report/index.ts';
import type { Fixture } from './fixture.ts';
import { makeFixture } from './fixture.ts';
import type { ReadPdf } from './reader.ts';
import { open } from './reader.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

/** Threat models that differ in all that is told of them: a section that takes one for another shows, and so does a column. */
function tellApart({ threats }: Results): void {
  threats[1]!.goal = { kind: 'targeted', target: 'next' };
  threats.forEach((threat, t) => {
    threat.attacks.forEach((attack, a) => (attack.options = { steps: 1000 * (t + 1) + a }));
    threat.attackSummaries.forEach((summary, a) =>
      Object.assign(summary, {
        attacked: 101 + 10 * t + a,
        failed: 71 + 10 * t + a,
        forwards: 3001 + 10 * t + a,
        backwards: 2001 + 10 * t + a,
      }),
    );
  });
}

/** The PDF is read back by pdf.js, which knows nothing of how it was written. */
describe('renderPdf', () => {
  let fixture: Fixture;
  let pdf: Uint8Array;
  let read: ReadPdf;
  beforeAll(async () => {
    fixture = makeFixture({ images: 30 });
    tellApart(fixture.results);
    pdf = await renderPdf(fixture.results, fixture.readPng);
    read = await open(pdf);
  });

  test('says the numbers of the results', () => {
    const { pages } = read;
    const first = pages[0]!;
    expect(first).toContain('Robustness of road-signs.onnx');
    expect(first).toContain('2026-03-01 14:05 UTC');
    for (const threat of fixture.results.threats) {
      for (const point of threat.points) {
        expect(first).toContain(`${point.right} of ${point.total}`);
        expect(first).toContain(`${(100 * point.low).toFixed(1)}–${(100 * point.high).toFixed(1)} %`);
      }
    }
    expect(first).toContain('With changes of at most 2/255 in any pixel value the model keeps');
    expect(first).toContain('With at most 5 pixel values changed the model keeps');
    const all = pages.join('\n');
    for (const { attack } of fixture.results.threats.flatMap((threat) => threat.attackSummaries)) expect(all).toContain(attack);
    expect(all).toContain(fixture.results.model.sha256);
    expect(all).toContain('asked for cuda, used cpu');
    // The faces have every sign that is used; a missing one would be a box.
    for (const sign of ['ℓ∞', 'ℓ₀', 'ℓ₂', 'ε', '→', '×']) expect(all).toContain(sign);
    expect(all).not.toContain('□');
    expect(all).toContain('hairline verify FOLDER');
    expect(all).toContain('hairline audit plan.json --out repeat');
  });

  test('gives a class by its number where no font has the letters of its name', async () => {
    const { readPng } = fixture;
    const names = fixture.results.classNames!.map((name, k) => (k % 2 === 0 ? ['ストップ', '정지', 'قف', '停'][(k / 2) % 4]! : name));
    const { pages } = await open(await renderPdf({ ...fixture.results, classNames: names }, readPng));
    const all = pages.join('\n');
    expect(all).not.toContain('□');
    expect(all).toContain('Class names in letters that the fonts of this report lack are left out');
    expect(read.pages.join('\n')).not.toContain('the fonts of this report lack');
    // The names that can be set still are.
    expect(all).toMatch(
      new RegExp(
        `\\d (${names
          .filter((_, k) => k % 2 === 1)
          .map((name) => name.split(' ')[0])
          .join('|')})`,
      ),
    );
  });

  test('writes letters of file names that no font has as their code, and says so', async () => {
    const { readPng, results } = fixture;
    const [first, ...images] = results.images;
    const { pages } = await open(await renderPdf({ ...results, images: [{ ...first!, source: '写真/中.png' }, ...images] }, readPng));
    const all = pages.join('\n');
    expect(all).toContain('\\u{5199}\\u{771f}/\\u{4e2d}.png');
    expect(all).toContain('Letters that the fonts of this report lack stand as their code');
    expect(read.pages.join('\n')).not.toContain('stand as their code');
  });

  test('says that images of the size that is stretched to are left as they are, and which file the labels come from', async () => {
    const { readPng, results } = fixture;
    const { width, height } = results.images[0]!;
    const stretched = (by: number) => ({
      ...results,
      preprocessing: { ...results.preprocessing, geometry: 'stretch' as const, width: width + by, height, resizeTo: null },
    });
    const named = { role: 'labels' as const, file: 'truth.csv', sha256: 'ab'.repeat(32), bytes: 12 };
    const [all, other] = await Promise.all(
      [{ ...stretched(0), files: [named] }, stretched(1)].map(async (one) => (await open(await renderPdf(one, readPng))).pages.join('\n')),
    );
    expect(all).toContain(`every image is ${width} × ${height} already`);
    expect(all).toContain('given in truth.csv');
    expect(other).toContain(`stretched to ${width + 1} × ${height}`);
    expect(other).not.toContain('truth.csv');
  });

  describe('has each threat model’s own numbers and words in every section', () => {
    let text: string;
    beforeAll(() => void (text = read.pages.join(' ')));

    /** The text from one of its headings to the next threat model's, or to what follows the last. */
    const part = (from: string, heading: (t: number) => string, t: number, end: string): string => {
      const section = text.slice(text.lastIndexOf(from), text.indexOf(end, text.lastIndexOf(from)));
      const start = section.indexOf(plain(heading(t)));
      expect(start).toBeGreaterThanOrEqual(0);
      const next = t + 1 < fixture.results.threats.length ? section.indexOf(plain(heading(t + 1)), start + 1) : section.length;
      return section.slice(start, next);
    };

    test('what each attack found, column by column', () => {
      fixture.results.threats.forEach(({ norm, eps, attackSummaries }, t) => {
        for (const summary of attackSummaries) {
          const { within, beyond } = brokenBy(fixture.results, t, summary.attack, Math.max(...eps));
          const { attack, attacked, failed, median, mean, floatMedian, forwards, backwards } = summary;
          const distances = [median, mean, floatMedian].map((value) => formatDistance(norm, value));
          if (norm !== 'l0') expect(new Set(distances).size).toBe(3);
          const calls = [forwards, backwards].map((n) => n.toLocaleString('en')).join(' + ');
          expect(text).toContain(plain([attack, attacked, within, beyond, failed, ...distances, calls].join(' ')));
        }
      });
    });

    test('its budgets, its goal and its attacks’ options', () => {
      fixture.results.threats.forEach(({ norm, eps, goal, attacks }, t) => {
        const own = part('Threat model', (k) => `${NORM_LABEL[fixture.results.threats[k]!.norm]}: `, t, 'Gradient check');
        for (const budget of eps) expect(own).toContain(plain(formatEps(norm, budget)));
        expect(own).toContain(plain(goalText(goal, 'name')!));
        for (const { id, options } of attacks) expect(own).toMatch(new RegExp(`${id} \\(steps[ =]${String(options['steps'])}\\)`));
      });
    });

    test('its smallest change, with the distance of the picture and, beside it, of the float point', () => {
      fixture.results.threats.forEach(({ norm }, t) => {
        const [nearest] = fixture.results.images
          .flatMap(({ id, outcomes }) =>
            fixture.results.findings.filter((f) => f.image === id && f.threat === t && f.attack === outcomes[t]!.best),
          )
          .sort((a, b) => a.eightBit![norm] - b.eightBit![norm]);
        const [eight, float] = [nearest!.eightBit!, nearest!.float!].map((all) => formatDistance(norm, all[norm]));
        if (norm !== 'l0') expect(eight).not.toBe(float);
        const title = (k: number): string => `${NORM_LABEL[fixture.results.threats[k]!.norm]}, ${k === 1 ? 'targeted' : 'untargeted'}`;
        const own = part('Smallest changes that break an image', title, t, 'How to repeat this audit');
        expect(own).toContain(plain(`${NORM_LABEL[norm]} ${eight} (${float})`));
      });
    });
  });

  test('numbers its pages and names the results at the foot of each', () => {
    const { pages } = read;
    expect(pages.length).toBeGreaterThanOrEqual(6);
    pages.forEach((text, i) => {
      expect(text).toContain(`Page ${i + 1} of ${pages.length}`);
      expect(text).toContain(resultsHash(fixture.results));
    });
  });

  test('carries plan, results and CSV, as they are', async () => {
    const { document } = read;
    const attachments = (await document.getAttachments()) as Record<string, { filename: string; content: Uint8Array }>;
    const text = (name: string): string =>
      Buffer.from(Object.values(attachments).find((file) => file.filename === name)!.content).toString('utf8');
    expect(text('results.json')).toBe(resultsText(fixture.results));
    expect(createHash('sha256').update(text('results.json')).digest('hex')).toBe(resultsHash(fixture.results));
    expect(text('results.csv')).toBe(toCsv(fixture.results));
    expect(text('plan.json')).toBe(canonicalJson(fixture.results.plan));
  });

  test('is tagged: headings, tables with header cells, figures with words for those who cannot see them', async () => {
    const { document, roles, figures } = read;
    expect(await document.getMarkInfo()).toMatchObject({ Marked: true });
    for (const role of ['H1', 'H2', 'H3', 'P', 'Table', 'TR', 'TH', 'TD', 'Figure', 'Caption']) expect(roles).toContain(role);
    expect(figures.length).toBeGreaterThan(3);
    for (const figure of figures) expect(figure).not.toBe('');
    // A level is never left out on the way down.
    const levels = roles.filter((role) => /^H\d$/.test(role)).map((role) => Number(role[1]));
    levels.forEach((level, i) => expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1));
    const { info } = await document.getMetadata();
    expect(info).toMatchObject({ Title: 'Robustness of road-signs.onnx', Language: 'en', CreationDate: 'D:20260301140509Z' });
  });

  test('draws the curves as vectors: three pictures per example, no other', () => {
    const { images } = read;
    const { results } = fixture;
    const examples = results.threats.map((_, t) =>
      Math.min(12, results.images.filter((image) => image.outcomes[t]!.state === 'broken').length),
    );
    expect(images).toBe(3 * examples.reduce((a, b) => a + b, 0));
  });

  test('is the same byte for byte when written again', async () => {
    const again = await renderPdf(structuredClone(fixture.results), fixture.readPng);
    expect(Buffer.compare(again, pdf)).toBe(0);
  });

  test('fails when a picture is missing, and says which', async () => {
    await expect(renderPdf(fixture.results, () => Promise.reject(new Error('no such file: images/x.png')))).rejects.toThrow('images/x.png');
  });
});

describe('renderPdf with difficult input', () => {
  test('shortens what nobody reads, wherever it stands, and lists the first of what was left out', async () => {
    const { results, readPng } = makeFixture({ norms: ['linf'], images: 8, failures: true, name: 'N'.repeat(16_000) });
    const long = (letter: string): string => letter.repeat(16_000);
    results.classNames = results.classNames!.map((_, i) => long('cdefghijkl'[i]!));
    results.model.file = `${long('m')}.onnx`;
    results.model.producer = long('p');
    results.model.inputs[0]!.name = long('i');
    results.warnings.push(long('w'), long('w '));
    for (const image of results.images) image.source = `${long('s')}.png`;
    for (const finding of results.findings) if (finding.reason) finding.reason = long('r');
    results.plan = { classNames: long('q'), images: Array.from({ length: 300 }, () => long('x')) };
    results.leftOut = {
      total: 12_345,
      files: Array.from({ length: 300 }, (_, i) => ({
        source: i === 0 ? long('z') : `photos/${i}.heic`,
        reason: 'is a HEIC picture, which is not read: save it as PNG or JPEG.',
      })),
    };
    const read = await open(await renderPdf(results, readPng));
    expect(read.outside).toEqual([]);
    // Of each text its start and its end, and nowhere near all of it.
    const all = read.pages.join(' ');
    const letters = (letter: string): number => all.split(letter).length - 1;
    for (const letter of ['N', 'q', 'z']) expect([letter, letters(letter) >= 50 && letters(letter) < 2500]).toEqual([letter, true]);
    expect(all.length).toBeLessThan(200_000);
    expect(all).toContain('photos/1.heic is a HEIC picture');
    expect(all).toContain('8 taken, 12,345 left out');
    expect(all).toContain('12,145 more; the first 300 stand in the attached results.json.');
    expect(all).not.toContain('photos/200.heic');
  });

  test('keeps every letter on the page with long names, long paths and foreign scripts', async () => {
    const { results, readPng } = makeFixture({
      norms: ['linf'],
      images: 8,
      long: true,
      failures: true,
      width: 60,
      height: 20,
      name: 'N'.repeat(300),
    });
    const { pages, outside } = await open(await renderPdf(results, readPng));
    expect(outside).toEqual([]);
    // 300 letters without a space are broken over lines and still all there.
    expect(pages[0]!.replaceAll(/\s/g, '')).toContain('N'.repeat(300));
    expect(pages.join('')).toContain('Warnings');
  });

  test('calls unlabelled images predictions, and a target a target', async () => {
    const { results, readPng } = makeFixture({ norms: ['l2'], images: 6, labels: false, width: 8, height: 8, channels: 1 });
    const text = (await open(await renderPdf(results, readPng))).pages.join(' ');
    expect(text).toContain('≤ 0.5');
    expect(text).toMatch(/keeps [\d.]+ % of its predictions/);
    results.threats[0]!.goal = { kind: 'targeted', target: 'next' };
    expect((await open(await renderPdf(results, readPng))).pages.join(' ')).toContain('could not be turned into their target class');
  });

  test('an audit without images gives a report without numbers', async () => {
    const { results, readPng } = makeFixture({ norms: ['linf'], images: 1, width: 8, height: 8 });
    const nothing = { accuracy: 0, low: 0, high: 1, right: 0, total: 0 };
    Object.assign(results, { images: [], findings: [], cleanAccuracy: null });
    for (const threat of results.threats)
      Object.assign(threat, {
        points: threat.eps.map((eps) => ({ eps, ...nothing })),
        curve: [{ eps: 0, ...nothing }],
        median: null,
        mean: null,
      });
    const { pages } = await open(await renderPdf(results, readPng));
    expect(pages[0]).toContain('no image was attacked to the end');
    expect(pages[0]).not.toContain('0.0 %');
  });

  test('shows at most twelve examples per threat model, the smallest first', async () => {
    const { results, readPng } = makeFixture({ norms: ['l0'], images: 30, width: 8, height: 8 });
    const { pages } = await open(await renderPdf(results, readPng));
    const shown = [...pages.join(' ').matchAll(/samples\/\w+\/(i\d+)\.png/g)].map((match) => match[1]!);
    const cards = shown.slice(2);
    const distances = new Map(results.images.map((image) => [image.id, image.outcomes[0]!.distance]));
    expect(cards).toHaveLength(12);
    const found = cards.map((id) => distances.get(id)!);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    const smallest = [...distances.values()].filter((distance) => distance !== null).sort((a, b) => a - b);
    expect(found).toEqual(smallest.slice(0, 12));
  });
});
