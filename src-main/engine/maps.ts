import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallOut, PictureAddress } from '../../shared/contract.ts';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { Drawn, MapRequest } from '../explore/openMaps.ts';
import { mapCsv } from '../report/heatmap.ts';
import type { LimitedProcess } from '../workers/limited.ts';

/** Attacked pictures kept to be looked at. */
const KEPT = 64;

/**
 * Maps of single images, in a process of their own: a gradient check or an audit does not wait for them. A cancel is heard between two
 * queries, as in an audit.
 */
export class Maps {
  private readonly process: LimitedProcess;
  /** The map that was asked for last, and the one that is there: a picture may turn out not to be. */
  private last = 0;
  private current = '';
  /** Pictures of the map that is there. */
  private drawn = new Map<number | null, Drawn>();
  /** Work in progress on it; never rejects. */
  private busy: Promise<unknown> = Promise.resolve();

  constructor(process: LimitedProcess) {
    this.process = process;
  }

  /** @param read of the picture: after the map has its number, or a later call could overtake it meanwhile */
  async map(request: Omit<MapRequest, 'map' | 'picture'>, read: () => Promise<MapRequest['picture']>): Promise<CallOut<'map'>> {
    const number = ++this.last;
    const picture = await read();
    await this.halt();
    if (number !== this.last) throw new UserError(OLD);
    [this.current, this.drawn] = [String(number), new Map()];
    const { map, drawn } = await this.work(this.process.run('map', { ...request, picture, map: String(number) }));
    if (map.map === this.current) this.drawn.set(null, drawn);
    return map;
  }

  more(map: string): Promise<CallOut<'mapMore'>> {
    return this.work(this.process.run('mapMore', { map }));
  }

  async attack(map: string, subset: number): Promise<CallOut<'mapAttack'>> {
    const { attacked, drawn } = await this.work(this.process.run('mapAttack', { map, subset }));
    if (map === this.current) {
      for (const old of [...this.drawn.keys()]
        .filter((key) => key !== null && key !== subset)
        .slice(0, Math.max(0, this.drawn.size - KEPT)))
        this.drawn.delete(old);
      this.drawn.set(subset, drawn);
    }
    return attacked;
  }

  async stop(map: string): Promise<void> {
    if (map === this.current) await this.halt();
  }

  /** Writes the table below a folder. @throws UserError when that cannot be. */
  async save(map: string, folder: string): Promise<string> {
    const { partition, width, height, maps } = await this.work(this.process.run('mapTable', { map }));
    const file = join(folder, 'vulnerability-map.csv');
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(file, mapCsv(partition, width, height, maps));
    } catch (error) {
      throw new UserError(
        `${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): make room or mend the folder.`,
      );
    }
    return file;
  }

  picture({ map, subset, what }: Extract<PictureAddress, { kind: 'map' }>): Uint8Array {
    const bytes = map === this.current ? this.drawn.get(subset)?.[what] : undefined;
    if (!bytes) throw new UserError('There is no such picture.');
    return bytes;
  }

  close(): void {
    this.process.close();
  }

  /** Lets what is in progress end between two queries. */
  private async halt(): Promise<void> {
    this.process.cancel();
    await this.busy;
  }

  private async work<T>(result: Promise<T>): Promise<T> {
    this.busy = Promise.allSettled([this.busy, result]);
    try {
      return await result;
    } catch (error) {
      throw error instanceof Cancelled ? new UserError('The work on this map was ended.') : error;
    }
  }
}

const OLD = 'Another map is being drawn.';
