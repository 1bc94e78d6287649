import { createPinia, setActivePinia } from 'pinia';
import { expect, it, vi } from 'vitest';
import type { Host, LoadedImage, ModelCard } from '../../shared/contract.ts';
import { Preprocessing } from '../../shared/plan.ts';
import type { Preview } from '../../shared/preview.ts';
import { spread } from '../../shared/spread.ts';

/** The store that follows the editor: what it asks for, and which answer it shows. */
type Ask = { images: string[]; preprocessing: Preprocessing; trials: boolean; answer(answer: Preview | null): void };
const asked: Ask[] = [];
const host = {
  call: (_: string, input: Omit<Ask, 'answer'>) => new Promise((answer) => asked.push({ ...input, answer })),
} as unknown as Host;
vi.stubGlobal('window', { hairline: host, matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
vi.stubGlobal('document', { documentElement: { dataset: {} } });

const { useImages } = await import('../../src-renderer/stores/images.ts');
const { useModel } = await import('../../src-renderer/stores/model.ts');
const { usePreview } = await import('../../src-renderer/stores/preview.ts');

const image = (at: number): LoadedImage => ({ id: String(at), at, source: `${at}.png`, width: 1, height: 1, channels: 3, label: null });
const answerTo = (ask: Ask, preview: string, more: Partial<Preview> = {}): void =>
  ask.answer({
    preview,
    pictures: ask.images.map((id) => ({ image: id, width: 1, height: 1, channels: [], label: null, top: null, swapped: null })),
    range: { low: 0, high: 1, mean: 0, std: 1 },
    accuracy: null,
    warnings: [],
    ...more,
  });
const settled = () => new Promise((done) => setTimeout(done));

it('takes pictures from all over a set', () => {
  expect(spread([1, 2, 3], 4)).toEqual([1, 2, 3]);
  expect(spread([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 2, 4]);
  const all = spread(
    Array.from({ length: 1000 }, (_, i) => i),
    32,
  );
  expect([all.length, new Set(all).size, all[0], all[31]]).toEqual([32, 32, 0, 968]);
});

it('asks for the shown image, then for some of all, and lets the newest request win', async () => {
  setActivePinia(createPinia());
  const [images, model, preview] = [useImages(), useModel(), usePreview()];
  images.images = Array.from({ length: 64 }, (_, i) => image(i));
  model.card = { path: '/m.onnx', input: 'x' } as ModelCard;
  model.preprocessing = Preprocessing.parse({});
  images.chosen = '7';

  const first = preview.ask();
  expect(asked.map((ask) => ask.images)).toEqual([['7']]);
  answerTo(asked[0]!, 'a');
  await settled();
  expect(preview.shown).toMatchObject({ preview: 'a', picture: { image: '7' } });
  expect(asked[1]!.images).toEqual(Array.from({ length: 32 }, (_, i) => String(2 * i)));

  // An edit comes before the rest is answered: that answer is shown no more.
  model.preprocessing = Preprocessing.parse({ channels: 'bgr' });
  const second = preview.ask();
  answerTo(asked[1]!, 'late');
  await first;
  expect([preview.checked, preview.pending]).toEqual([null, true]);
  answerTo(asked[2]!, 'b');
  await settled();
  answerTo(asked[3]!, 'c');
  await second;
  expect(asked[3]!.preprocessing.channels).toBe('bgr');
  expect([preview.shown!.preview, preview.checked!.preview, preview.pending]).toEqual(['b', 'c', false]);

  // One of those that were checked is there already; another one is asked for alone.
  images.chosen = '8';
  await preview.ask();
  expect([preview.shown!.preview, asked.length]).toEqual(['c', 4]);
  images.chosen = '9';
  const third = preview.ask();
  answerTo(asked[4]!, 'd');
  await third;
  expect([preview.shown!.preview, preview.checked!.preview, asked.length]).toEqual(['d', 'c', 5]);
});

it('has other preprocessings tried last where pictures have labels, and again where that was given up', async () => {
  setActivePinia(createPinia());
  asked.length = 0;
  const [images, model, preview] = [useImages(), useModel(), usePreview()];
  images.images = Array.from({ length: 8 }, (_, i) => ({ ...image(i), label: 0 }));
  model.card = { path: '/m.onnx', input: 'x' } as ModelCard;
  model.preprocessing = Preprocessing.parse({});
  images.chosen = '1';
  const known = { accuracy: { right: 1, of: 8 } };
  const first = preview.ask();
  answerTo(asked[0]!, 'a', known);
  await settled();
  answerTo(asked[1]!, 'b', known);
  await settled();
  expect(asked.map(({ trials }) => trials)).toEqual([false, false, true]);
  // The window waits for none of it.
  expect([preview.checked!.preview, preview.pending]).toEqual(['b', false]);
  images.chosen = '2';
  const second = preview.ask();
  answerTo(asked[2]!, 'late', known);
  await first;
  expect([preview.checked!.preview, asked.length, asked[3]!.trials]).toEqual(['b', 4, true]);
  answerTo(asked[3]!, 'c', { ...known, warnings: [{ kind: 'flat', value: 1 }] });
  await second;
  expect(preview.checked).toMatchObject({ preview: 'c', warnings: [{ kind: 'flat' }] });
  images.chosen = '3';
  await preview.ask();
  expect(asked.length).toBe(4);
});
