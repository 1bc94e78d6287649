import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { Probe, ProbePicture, ProbeRequest } from '../../shared/probe.ts';
import { checkPlan } from '../audit/plan.ts';
import type { Probed } from '../explore/probeTask.ts';
import { decodeFile, encodePng, pictureHash } from '../images/index.ts';
import type { ImageRef } from '../images/index.ts';
import { difference } from '../report/index.ts';
import type { LatestOnly } from '../workers/latestOnly.ts';

/** Answers whose pictures are kept: a window shows the one before until the newest has come. */
const KEPT = 12;

interface Kept {
  folder: string;
  image: ImageRef;
  files: Probed['files'];
}

/** One image attacked by hand, again and again: the newest request is answered, one at work for an older one ends. */
export class Explorer {
  private readonly live: LatestOnly;
  private readonly kept = new Map<string, Kept>();
  /** Made with the first answer, gone with the engine. */
  private root: string | null = null;
  private next = 1;
  private newest = 0;

  constructor(live: LatestOnly) {
    this.live = live;
  }

  /**
   * @returns null when a newer request overtook this one
   * @throws UserError for what an audit would refuse, one sentence.
   */
  async probe({ image: _, norm, eps, goal, attack, ...rest }: ProbeRequest, image: ImageRef): Promise<Probe | null> {
    const plan = checkPlan({ ...rest, images: [image.source], threats: [{ norm, eps: [eps], goal, attacks: [attack] }] }, process.cwd());
    const mine = ++this.newest;
    const picture = await image.read();
    // Pictures may take their time; the order is that of the requests.
    if (mine !== this.newest) return null;
    const id = String(this.next++);
    const folder = this.folderOf(id);
    const { source, label } = image;
    try {
      const { answer, files } = await this.live.run('probe', {
        plan,
        image: { ...picture, id: image.id, index: 0, hash: pictureHash(picture), source, label },
        folder,
      });
      this.keep(id, { folder, image, files });
      const pictures: ProbePicture[] = [...(Object.keys(files) as ProbePicture[]), ...(files.adversarial ? (['difference'] as const) : [])];
      return { ...answer, probe: id, pictures };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }

  /** @throws UserError when the answer has no such picture, or too many came after it. */
  async picture(id: string, which: ProbePicture): Promise<Uint8Array> {
    const known = this.kept.get(id);
    const file = known?.files[which === 'difference' ? 'adversarial' : which];
    if (!known || !file) throw new UserError('There is no such picture.');
    const path = join(known.folder, file);
    if (which !== 'difference') return readFile(path);
    return encodePng(difference(await known.image.read(), await decodeFile(path, file)).picture);
  }

  /** Ends what is at work and gives the worker and its model back; the pictures stay. */
  rest(): void {
    this.live.rest();
  }

  close(): void {
    this.live.rest();
    if (this.root !== null) rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
    this.root = null;
  }

  private folderOf(id: string): string {
    this.root ??= mkdtempSync(join(tmpdir(), 'hairline-explore-'));
    const folder = join(this.root, id);
    mkdirSync(folder);
    return folder;
  }

  private keep(id: string, entry: Kept): void {
    this.kept.set(id, entry);
    for (const [old, { folder }] of this.kept) {
      if (this.kept.size <= KEPT) return;
      this.kept.delete(old);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
