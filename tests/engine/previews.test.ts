import { expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import type { ImageRef } from '../../src-main/images/index.ts';
import type { LatestOnly } from '../../src-main/workers/latestOnly.ts';
import { Previews } from '../../src-main/engine/previews.ts';

/** In place of the process that answers: what it was asked about, picture by picture. */
function desk() {
  const asked: string[][] = [];
  const live = {
    run: (_: string, { pictures }: { pictures: { id: string }[] }) => {
      asked.push(pictures.map(({ id }) => id));
      return Promise.resolve({ answer: { pictures: pictures.map(({ id }) => ({ image: id })) }, read: [] });
    },
  } as unknown as LatestOnly;
  return { asked, previews: new Previews(live) };
}

/** A picture whose reading ends when it is told to. */
function slow(id: string, width = 1): { image: ImageRef; opened(): void } {
  let opened = (): void => undefined;
  const read = new Promise<void>((done) => (opened = done));
  const picture = { width, height: 1, channels: 1 as const, data: new Uint8Array(1) };
  return { image: { id, label: null, ...picture, read: () => read.then(() => picture) } as unknown as ImageRef, opened: () => opened() };
}

const request = { model: '/m.onnx', preprocessing: Preprocessing.parse({}), trials: false } as Parameters<Previews['preview']>[0];

it('asks nothing for a request that was overtaken while its pictures were read, even where they come after the newer one’s', async () => {
  const { asked, previews } = desk();
  const [old, next] = [slow('old'), slow('new')];
  const answers = Promise.all([previews.preview(request, [old.image]), previews.preview(request, [next.image])]);
  next.opened();
  await next.image.read();
  old.opened();
  const [first, second] = await answers;
  expect([first, second!.pictures.map(({ image }) => image)]).toEqual([null, ['new']]);
  expect(asked).toEqual([['new']]);
});

it('takes as many pictures into one answer as memory allows, and one whatever it takes', async () => {
  const { asked, previews } = desk();
  const pictures = [100e6, 20e6, 20e6].map((width, i) => slow(String(i), width));
  for (const { opened } of pictures) opened();
  const images = pictures.map(({ image }) => image);
  await previews.preview(request, images);
  await previews.preview(
    request,
    [slow('large', 500e6)].map(({ image, opened }) => (opened(), image)),
  );
  expect(asked).toEqual([['0', '1'], ['large']]);
});
