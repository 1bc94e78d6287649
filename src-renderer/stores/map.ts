import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { MapAnswer, MapProgress, SubsetAttacked, SubsetTried } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import { unpackSubsets } from '../../shared/partitions.ts';
import { theHost } from '../host/index.ts';
import { rectangle } from '../logic/areas.ts';
import { loadPixels, type Pixels } from '../logic/difference.ts';
import { largest, pixelsOf, subsetAt, topSubsets, type Cells, type ScaleName } from '../logic/heat.ts';
import { useLatest } from '../logic/latest.ts';
import { placesOf, ranking, sortSubsets, type MapSort } from '../logic/mapRows.ts';
import { debounce } from '../logic/debounce.ts';
import type { Point } from '../logic/zoom.ts';
import { useApp } from './app.ts';
import { limitAuditTo } from './limitAudit.ts';
import { useMapAsk } from './mapAsk.ts';
import { useView } from './view.ts';

/** How long settings must rest before the map is drawn anew, in ms. */
const DEBOUNCE = 250;

/** A map as far as it is drawn. Replaced, never changed in place, so that what depends on it follows. */
export interface Drawn {
  map: string;
  cells: Cells;
  label: number | null;
  clean: MapAnswer;
  linear: Float64Array;
  /** null: not yet there, or of a classifier. */
  quadratic: Float64Array | null;
  /** NaN: not tried. */
  moved: Float64Array;
  /** 1 where a subset was tried and changes the class. */
  breaks: Uint8Array;
}

/** One subset attacked, with its pictures. */
export interface AttackedSubset extends SubsetAttacked {
  picture: Pixels;
  output: Pixels | null;
}

/** The picture of a map, or of one of its subsets attacked, and what the network makes of it where that is a picture, too. */
function loadBoth(map: string, subset: number | null, withOutput: boolean): Promise<[Pixels, Pixels | null]> {
  const load = (what: 'picture' | 'output'): Promise<Pixels> => loadPixels(theHost().pictureUrl({ kind: 'map', map, subset, what }));
  return Promise.all([load('picture'), withOutput ? load('output') : null]);
}

/** Where one image is vulnerable: the map as it is being drawn, and the subset that was attacked last. */
export const useMap = defineStore('map', () => {
  const ask = useMapAsk();
  const opacity = ref(0.7);
  const scale = ref<ScaleName>('linear');
  const sort = ref<MapSort>('rank');
  const down = ref(false);

  const drawn = shallowRef<Drawn | null>(null);
  const picture = shallowRef<Pixels | null>(null);
  const output = shallowRef<Pixels | null>(null);
  const progress = shallowRef<Pick<MapProgress, 'what' | 'done' | 'total'> | null>(null);
  const attacked = shallowRef<AttackedSubset | null>(null);
  const opening = ref(false);
  const working = ref(false);
  const attacking = ref(false);
  const error = ref<string | null>(null);
  /** Pixels to attack alone, row by row. */
  const selected = shallowRef<ReadonlySet<number>>(new Set());
  const latest = useLatest();
  const latestAttack = useLatest();
  let asked = '';
  const debounced = debounce(DEBOUNCE, draw);

  const values = computed(() =>
    drawn.value ? (drawn.value[ask.which] ?? new Float64Array(drawn.value.cells.count).fill(NaN)) : new Float64Array(),
  );
  const most = computed(() => largest(values.value));
  // What subsets that are tried do not change is not worked out anew with each of them.
  const cells = computed(() => drawn.value?.cells ?? null);
  const foretold = computed(() => drawn.value?.quadratic ?? drawn.value?.linear ?? null);
  const places = computed(() => (cells.value ? placesOf(cells.value) : []));
  const byForetold = computed(() => (foretold.value ? ranking(foretold.value) : []));
  const ranked = computed(() => (values.value === foretold.value ? byForetold.value : ranking(values.value, byForetold.value)));
  const ranks = computed(() => {
    const of = new Uint32Array(ranked.value.length);
    ranked.value.forEach((subset, at) => (of[subset] = at + 1));
    return of;
  });
  const column = computed(() => (sort.value === 'rank' || sort.value === 'position' ? null : (drawn.value?.[sort.value] ?? null)));
  /** Subsets, as the table has them. */
  const rows = computed(() => sortSubsets(ranked.value, sort.value, column.value, down.value));
  const busy = computed(() => opening.value || working.value);

  /** Draws from the start with the settings as they are. */
  async function draw(): Promise<void> {
    const isLatest = latest.begin();
    const { request } = ask;
    forget();
    asked = request ? JSON.stringify(request) : '';
    opening.value = request !== null;
    if (!request) return;
    try {
      const first = await theHost().call('map', request);
      if (!isLatest()) return;
      const [seen, put] = await loadBoth(first.map, null, first.clean.kind === 'output' && first.clean.picture);
      if (!isLatest()) return;
      const { map, width, height, planes, subsets: count, label, clean } = first;
      const of = unpackSubsets(first.of, planes * width * height);
      [picture.value, output.value] = [seen, put];
      drawn.value = {
        map,
        cells: { width, height, planes, count, of },
        label,
        clean,
        linear: Float64Array.from(first.linear),
        quadratic: null,
        moved: new Float64Array(count).fill(NaN),
        breaks: new Uint8Array(count),
      };
      opening.value = false;
      await work();
    } catch (fault) {
      if (isLatest()) error.value = messageOf(fault);
    } finally {
      if (isLatest()) opening.value = false;
    }
  }

  /** Whether there is something to be done that is on show: subsets are only tried while that map is looked at. */
  const wanted = (): boolean =>
    drawn.value !== null &&
    progress.value?.what !== 'done' &&
    (ask.which === 'moved' || (drawn.value.label === null && drawn.value.quadratic === null));

  async function work(): Promise<void> {
    if (working.value || !wanted()) return;
    const isLatest = latest.join();
    const { map } = drawn.value!;
    working.value = true;
    try {
      while (isLatest() && wanted()) {
        const part = await theHost().call('mapMore', { map });
        if (isLatest()) take(part);
      }
    } catch (fault) {
      if (isLatest()) error.value = messageOf(fault);
    } finally {
      if (isLatest()) working.value = false;
    }
  }

  function take({ what, done, total, quadratic, tried }: MapProgress): void {
    progress.value = { what, done, total };
    if (quadratic) drawn.value = { ...drawn.value!, quadratic: Float64Array.from(quadratic) };
    learn(tried);
  }

  function learn(tried: readonly SubsetTried[]): void {
    if (tried.length === 0 || !drawn.value) return;
    const [moved, breaks] = [drawn.value.moved.slice(), drawn.value.breaks.slice()];
    for (const one of tried) [moved[one.subset], breaks[one.subset]] = [one.moved, one.breaks ? 1 : 0];
    drawn.value = { ...drawn.value, moved, breaks };
  }

  /** Ends the work; what is drawn stays. */
  async function stop(): Promise<void> {
    latest.cancel();
    const map = drawn.value?.map;
    opening.value = working.value = false;
    if (!map) return;
    progress.value = { done: 0, total: 0, ...progress.value, what: 'done' };
    await theHost().call('mapStop', { map }).catch(useApp().fail);
  }

  /** Attacks one subset now. A later one overtakes it. */
  async function attackSubset(subset: number): Promise<void> {
    if (!drawn.value || subset < 0) return;
    const { map } = drawn.value;
    const isLatest = latestAttack.begin();
    attacking.value = true;
    try {
      const found = await theHost().call('mapAttack', { map, subset });
      if (!isLatest() || drawn.value?.map !== map) return;
      const [seen, put] = await loadBoth(map, subset, output.value !== null);
      if (!isLatest() || drawn.value?.map !== map) return;
      const { moved, breaks } = found;
      learn([{ subset, moved, breaks }]);
      attacked.value = { ...found, picture: seen, output: put };
    } catch (fault) {
      if (isLatest()) useApp().fail(fault);
    } finally {
      if (isLatest()) attacking.value = false;
    }
  }

  const subsetOf = (at: Point): number => (drawn.value ? subsetAt(drawn.value.cells, at, values.value) : -1);

  /** The pixels of the most vulnerable subsets become the selection. */
  function selectTop(howMany: number): void {
    if (drawn.value) selected.value = new Set(pixelsOf(drawn.value.cells, new Set(topSubsets(values.value, howMany))));
  }

  function selectBox(a: Point, b: Point): void {
    const { width } = drawn.value!.cells;
    selected.value = new Set(Array.from(rectangle(a, b), ({ x, y }) => y * width + x));
  }

  /** Nothing but the selection may be changed in the next audit. */
  function attackOnly(): void {
    const { width, height } = drawn.value!.cells;
    limitAuditTo({ width, height, pixels: [...selected.value].sort((a, b) => a - b) });
  }

  async function save(): Promise<void> {
    const host = theHost();
    const { file, url } = await host.call('mapSave', { map: drawn.value!.map });
    await host.save(file, url);
  }

  function sortBy(key: MapSort): void {
    down.value = sort.value === key ? !down.value : false;
    sort.value = key;
  }

  function forget(): void {
    latestAttack.cancel();
    [drawn.value, picture.value, output.value, progress.value, attacked.value, error.value] = [null, null, null, null, null, null];
    working.value = attacking.value = false;
    selected.value = new Set();
  }

  /** Draws when the screen is opened and whenever settings have come to rest. Gives back what ends it. */
  function follow(): () => void {
    const ends = [
      watch(
        () => ask.request,
        (request) => {
          debounced.cancel();
          if ((request ? JSON.stringify(request) : '') !== asked) debounced();
        },
      ),
      watch(
        () => ask.which,
        () => void work(),
      ),
      watch(
        () => ask.image?.id,
        () => useView().reset(),
      ),
    ];
    if (!drawn.value || (ask.request && JSON.stringify(ask.request) !== asked)) void draw();
    return () => {
      debounced.cancel();
      for (const end of ends) end();
    };
  }

  return {
    opacity,
    scale,
    sort,
    down,
    drawn,
    picture,
    output,
    progress,
    attacked,
    opening,
    working,
    attacking,
    error,
    selected,
    values,
    most,
    places,
    ranks,
    rows,
    busy,
    draw,
    stop,
    attackSubset,
    subsetOf,
    selectTop,
    selectBox,
    attackOnly,
    save,
    sortBy,
    follow,
  };
});
