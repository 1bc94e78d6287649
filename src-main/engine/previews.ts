import { Cancelled, UserError } from '../../shared/errors.ts';
import type { Preview, PreviewRequest } from '../../shared/preview.ts';
import type { PreviewTask } from '../explore/previewSession.ts';
import { encodePng } from '../images/index.ts';
import type { ImageRef } from '../images/index.ts';
import type { LatestOnly } from '../workers/latestOnly.ts';

/** Bytes of pictures that one answer takes in: very large pictures are fewer. */
const MOST_BYTES = 128e6;
/** Bytes of PNG that are kept of past answers; the last few are kept whatever they take. */
const KEPT_BYTES = 64e6;
const KEPT = 4;

/** Pictures as the network reads them: the newest request is answered, one at work for an older one ends. */
export class Previews {
  private readonly live: LatestOnly;
  /** PNGs by image, of each answer. */
  private readonly kept = new Map<string, Map<string, Uint8Array>>();
  private next = 1;
  private newest = 0;

  constructor(live: LatestOnly) {
    this.live = live;
  }

  /**
   * @returns null when a newer request overtook this one
   * @throws UserError where images, preprocessing and model do not fit, one sentence.
   */
  async preview(request: Omit<PreviewRequest, 'images'>, images: readonly ImageRef[]): Promise<Preview | null> {
    const mine = ++this.newest;
    const pictures: PreviewTask['pictures'] = [];
    let bytes = 0;
    for (const image of images) {
      bytes += image.width * image.height * image.channels;
      if (pictures.length > 0 && bytes > MOST_BYTES) break;
      pictures.push({ ...(await image.read()), id: image.id, label: image.label });
      // Pictures may take their time; the order is that of the requests.
      if (mine !== this.newest) return null;
    }
    try {
      const { answer, read } = await this.live.run('preview', { ...request, pictures });
      const preview = String(this.next++);
      this.keep(preview, new Map(await Promise.all(read.map(async ({ image, picture }) => [image, await encodePng(picture)] as const))));
      return { preview, ...answer };
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }

  /** A preview is about to be asked for. */
  expect(): void {
    this.live.warm();
  }

  /** @throws UserError when the answer has no such picture, or too many came after it. */
  picture({ preview, image }: { preview: string; image: string }): Uint8Array {
    const found = this.kept.get(preview)?.get(image);
    if (!found) throw new UserError('There is no such picture.');
    return found;
  }

  private keep(preview: string, pictures: Map<string, Uint8Array>): void {
    this.kept.set(preview, pictures);
    const size = (): number => [...this.kept.values()].flatMap((one) => [...one.values()]).reduce((sum, png) => sum + png.length, 0);
    while (this.kept.size > KEPT && size() > KEPT_BYTES) this.kept.delete(this.kept.keys().next().value!);
  }
}
