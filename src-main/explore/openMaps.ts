import type { MapProgress, SubsetAttacked, SubsetTried, VulnerabilityMap } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { packSubsets } from '../../shared/partitions.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { MapStep, SubsetAttack } from '../sensitivity/vulnerability.ts';
import { encodePng } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import type { Partition } from '../norms/partition.ts';
import type { Models, ModelSource } from '../audit/models.ts';
import { MapSession } from './vulnerability.ts';
import type { MapSetting } from './mapSetting.ts';

export interface MapRequest {
  /** Its name in what follows. */
  map: string;
  source: ModelSource;
  picture: Picture;
  setting: MapSetting;
}

/** PNG bytes that go with an answer. */
export interface Drawn {
  picture: Uint8Array;
  /** null where the output is no picture, or there is none. */
  output: Uint8Array | null;
}

/** The maps as a table needs them. */
export interface MapTable {
  partition: Partition;
  width: number;
  height: number;
  maps: Record<string, Float64Array>;
}

/** How long one call works on a map, in ms: a question meanwhile waits no longer, and a cancel neither. */
const MOMENT = 150;
/** Most changed pixels whose levels are told. */
const TOLD = 16;

/** A map that is worked on, and what of it was told. */
interface Open {
  map: string;
  session: MapSession;
  steps: AsyncGenerator<MapStep, void>;
  last: MapStep;
  moved: Float64Array;
  quadratic: boolean;
}

/** The worker's side of maps: one at a time, drawn moment by moment, so that subsets can be attacked in between. */
export class OpenMaps {
  private open: Open | null = null;

  async map({ map, picture, setting }: MapRequest, models: Models, gate: Gate): Promise<{ map: VulnerabilityMap; drawn: Drawn }> {
    const before = this.open?.session ?? null;
    this.open = null;
    const session = await MapSession.open(models, picture, setting, gate, before);
    const { answer, output } = await session.judge();
    const { partition, mapper } = session;
    this.open = {
      map,
      session,
      steps: mapper.steps(),
      last: { what: 'tries', done: 0, total: 0 },
      moved: mapper.moved.slice(),
      quadratic: false,
    };
    const { width, height, channels } = picture;
    const plane = width * height;
    const whole = partition.of.every((s, j) => s === partition.of[j % plane]);
    const packed = { planes: whole ? 1 : channels, of: packSubsets(whole ? partition.of.subarray(0, plane) : partition.of) };
    const first = {
      map,
      width,
      height,
      channels,
      label: session.label,
      subsets: partition.count,
      ...packed,
      linear: [...mapper.linear],
      clean: answer,
    };
    return { map: first, drawn: await draw(picture, output) };
  }

  async more(map: string): Promise<MapProgress> {
    const open = this.demand(map);
    const { mapper } = open.session;
    const end = performance.now() + MOMENT;
    let over = false;
    do {
      const next = await open.steps.next();
      over = next.done === true;
      if (!next.done) open.last = next.value;
    } while (!over && performance.now() < end);
    const quadratic = open.quadratic || mapper.quadratic === null ? null : [...mapper.quadratic];
    open.quadratic ||= quadratic !== null;
    const tried: SubsetTried[] = [];
    mapper.moved.forEach((moved, subset) => {
      if (!Object.is(moved, open.moved[subset])) tried.push({ subset, moved, breaks: breaks(open.session, mapper.broke[subset] === 1) });
    });
    open.moved.set(mapper.moved);
    const { what, done, total } = open.last;
    return { what: over ? 'done' : what, done, total, quadratic, tried, best: mapper.best && triedOf(open.session, mapper.best) };
  }

  /** Attacks a subset of the map, and shows the result to the original model. */
  async attack(map: string, subset: number): Promise<{ attacked: SubsetAttacked; drawn: Drawn }> {
    const { session } = this.demand(map);
    if (subset >= session.partition.count)
      throw new UserError(`The map has ${session.partition.count} subsets; there is no number ${subset}.`);
    const found = await session.mapper.attack(subset);
    const picture = session.changed(found.delta);
    const { answer, output } = await session.judge(picture);
    return {
      attacked: { ...triedOf(session, found), after: answer, ...levelsThatDiffer(session.picture, picture) },
      drawn: await draw(picture, output),
    };
  }

  table(map: string): MapTable {
    const { partition, picture, mapper } = this.demand(map).session;
    const { linear, quadratic, moved } = mapper;
    return { partition, width: picture.width, height: picture.height, maps: { linear, ...(quadratic && { quadratic }), moved } };
  }

  private demand(map: string): Open {
    if (this.open?.map !== map) throw new UserError('This map is closed, because another one was drawn: draw it again.');
    return this.open;
  }
}

/** An output has no class to leave. */
const breaks = ({ label }: MapSession, success: boolean): boolean => label !== null && success;
const triedOf = (session: MapSession, { subset, moved, success }: SubsetAttack): SubsetTried => ({
  subset,
  moved,
  breaks: breaks(session, success),
});

async function draw(picture: Picture, output: Picture | null): Promise<Drawn> {
  return { picture: await encodePng(picture), output: output && (await encodePng(output)) };
}

function levelsThatDiffer(clean: Picture, attacked: Picture): Pick<SubsetAttacked, 'changed' | 'pixels'> {
  const { width, channels } = clean;
  const pixels: SubsetAttacked['pixels'] = [];
  let changed = 0;
  for (let p = 0; p * channels < clean.data.length; p++) {
    const at = (picture: Picture): number[] => [...picture.data.subarray(p * channels, (p + 1) * channels)];
    const [before, after] = [at(clean), at(attacked)];
    if (before.every((level, c) => level === after[c])) continue;
    changed++;
    if (pixels.length < TOLD) pixels.push({ x: p % width, y: Math.floor(p / width), before, after });
  }
  return { changed, pixels };
}
