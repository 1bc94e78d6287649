import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef, watch } from 'vue';
import type { CallIn, MapAnswer, MapProgress, SubsetAttacked, SubsetTried } from '../../shared/contract.ts';
import { unpackSubsets, type PARTITIONS } from '../../shared/partitions.ts';
import { theHost } from '../host/index.ts';
import { loadPixels, type Pixels } from '../logic/difference.ts';
import { largest, pixelsOf, subsetAt, topSubsets, type Cells, type ScaleName } from '../logic/heat.ts';
import { mapRows, placesOf, sortMapRows, type MapName, type MapSort } from '../logic/mapRows.ts';
import { auditSubject, loadedSubject, type MapSubject } from '../logic/mapSubject.ts';
import type { Point } from '../logic/zoom.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useRegion } from './region.ts';
import { useResults } from './results.ts';
import { useThreat } from './threat.ts';
import { useView } from './view.ts';

/** How long settings must rest before the map is drawn anew, in ms. */
const REST = 250;

/** A map as far as it is drawn. Replaced, never changed in place, so that what hangs on it follows. */
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
export interface Struck extends SubsetAttacked {
  picture: Pixels;
  output: Pixels | null;
}

/** Where one image is vulnerable: settings, the map as it is being drawn, and the subset that was attacked last. */
export const useMap = defineStore('map', () => {
  const from = ref<'images' | 'results'>('images');
  const imageId = ref<string | null>(null);
  const settings = reactive({
    partition: 'pixel' as (typeof PARTITIONS)[number],
    /** A single pixel may go as far as it likes; many at once are bounded as in an audit. */
    eps: { single: 1, many: 8 / 255 },
    block: 4,
    superpixels: 100,
    compactness: 10,
    /** Every pixel of the smallest data sets. */
    tries: 1024,
    probes: 256,
    reference: null as MapSubject['reference'] | null,
  });
  const chosen = ref<MapName | null>(null);
  const opacity = ref(0.7);
  const scale = ref<ScaleName>('linear');
  const sort = ref<MapSort>('rank');
  const down = ref(false);

  const drawn = shallowRef<Drawn | null>(null);
  const picture = shallowRef<Pixels | null>(null);
  const output = shallowRef<Pixels | null>(null);
  const progress = shallowRef<Pick<MapProgress, 'what' | 'done' | 'total'> | null>(null);
  const best = shallowRef<SubsetTried | null>(null);
  const struck = shallowRef<Struck | null>(null);
  const opening = ref(false);
  const working = ref(false);
  const striking = ref(false);
  const error = ref<string | null>(null);
  /** Pixels to attack alone, row by row. */
  const selected = shallowRef<ReadonlySet<number>>(new Set());
  let round = 0;
  let blow = 0;
  let asked = '';

  const subject = computed((): MapSubject | null => {
    const [results, model, images, threat] = [useResults(), useModel(), useImages(), useThreat()];
    if (from.value === 'results') return results.results && results.audit ? auditSubject(results.audit, results.results, results.threat, results.rows.map((row) => row.image)) : null;
    if (!model.card || !model.preprocessing || images.images.length === 0) return null;
    const { card, preprocessing, ends, provider } = model;
    return loadedSubject({ card, preprocessing, ends, provider, images: images.images, names: images.classNames, reference: threat.reference, peak: threat.peak });
  });
  const place = computed(() => Math.max(0, subject.value?.images.findIndex((image) => image.id === imageId.value) ?? 0));
  const image = computed(() => subject.value?.images[place.value] ?? null);
  const single = computed(() => settings.partition === 'pixel' || settings.partition === 'feature');
  const eps = computed({
    get: () => settings.eps[single.value ? 'single' : 'many'],
    set: (value) => (settings.eps[single.value ? 'single' : 'many'] = value),
  });
  /** Of an output held against itself, the first order at the image is that of a chance direction. */
  const which = computed({
    get: (): MapName => (chosen.value && (chosen.value !== 'quadratic' || subject.value?.onOutput) ? chosen.value : subject.value?.onOutput ? 'quadratic' : 'linear'),
    set: (name) => (chosen.value = name),
  });
  const mask = computed(() => {
    const { cut } = useRegion();
    return image.value && cut.width === image.value.width && cut.height === image.value.height && cut.mask.some((area) => area > 0) ? cut.mask : null;
  });
  const request = computed((): CallIn<'map'> | null => {
    if (!subject.value || !image.value || (settings.partition === 'mask' && !mask.value)) return null;
    const { partition, block, superpixels, compactness, tries, probes, reference } = settings;
    const cut = { partition, block, superpixels, compactness, mask: partition === 'mask' ? [...mask.value!] : [] };
    return { ...subject.value.request, image: subject.value.address(image.value.id), epsilon: eps.value, partition: cut, tries, probes, reference: reference ?? subject.value.reference };
  });

  const values = computed(() => (drawn.value ? (drawn.value[which.value] ?? new Float64Array(drawn.value.cells.count).fill(NaN)) : new Float64Array()));
  const most = computed(() => largest(values.value));
  const places = computed(() => (drawn.value ? placesOf(drawn.value.cells) : []));
  const ranked = computed(() => (drawn.value ? mapRows(drawn.value, drawn.value[which.value] ? which.value : 'linear') : []));
  const rows = computed(() => sortMapRows(ranked.value, sort.value, down.value));
  const busy = computed(() => opening.value || working.value);

  /** Shows the map of an image: one of those loaded, or of the audit on show. */
  function show(id: string | null, where: 'images' | 'results'): void {
    from.value = where;
    imageId.value = id;
    useApp().step = 'map';
  }

  function move(by: number): void {
    const next = subject.value?.images[place.value + by];
    if (next) imageId.value = next.id;
  }

  /** Draws from the start with the settings as they are. */
  async function draw(): Promise<void> {
    const mine = ++round;
    const ask = request.value;
    forget();
    asked = ask ? JSON.stringify(ask) : '';
    opening.value = ask !== null;
    if (!ask) return;
    try {
      const host = theHost();
      const first = await host.call('map', ask);
      if (mine !== round) return;
      const load = (what: 'picture' | 'output'): Promise<Pixels> => loadPixels(host.pictureUrl({ kind: 'map', map: first.map, subset: null, what }));
      const [seen, put] = await Promise.all([load('picture'), first.clean.kind === 'output' && first.clean.picture ? load('output') : null]);
      if (mine !== round) return;
      const { map, width, height, planes, subsets: count, label, clean } = first;
      const cells = { width, height, planes, count, of: unpackSubsets(first.of, planes * width * height) };
      [picture.value, output.value] = [seen, put];
      drawn.value = { map, cells, label, clean, linear: Float64Array.from(first.linear), quadratic: null, moved: new Float64Array(count).fill(NaN), breaks: new Uint8Array(count) };
      opening.value = false;
      await work();
    } catch (fault) {
      if (mine === round) error.value = fault instanceof Error ? fault.message : String(fault);
    } finally {
      if (mine === round) opening.value = false;
    }
  }

  /** Whether there is something to be done that is on show: subsets are only tried while that map is looked at. */
  const wanted = (): boolean => drawn.value !== null && progress.value?.what !== 'done' && (which.value === 'moved' || (subject.value!.onOutput && drawn.value.quadratic === null));

  async function work(): Promise<void> {
    if (working.value || !wanted()) return;
    const mine = round;
    const { map } = drawn.value!;
    working.value = true;
    try {
      while (mine === round && wanted()) {
        const part = await theHost().call('mapMore', { map });
        if (mine === round) take(part);
      }
    } catch (fault) {
      if (mine === round) error.value = fault instanceof Error ? fault.message : String(fault);
    } finally {
      if (mine === round) working.value = false;
    }
  }

  function take({ what, done, total, quadratic, tried, best: top }: MapProgress): void {
    progress.value = { what, done, total };
    best.value = top;
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
    round += 1;
    const map = drawn.value?.map;
    opening.value = working.value = false;
    if (!map) return;
    progress.value = { done: 0, total: 0, ...progress.value, what: 'done' };
    await theHost().call('mapStop', { map }).catch(useApp().fail);
  }

  /** Attacks one subset now. A later one overtakes it. */
  async function strike(subset: number): Promise<void> {
    if (!drawn.value || subset < 0) return;
    const { map } = drawn.value;
    const mine = ++blow;
    striking.value = true;
    try {
      const host = theHost();
      const found = await host.call('mapAttack', { map, subset });
      if (mine !== blow || drawn.value?.map !== map) return;
      const load = (what: 'picture' | 'output'): Promise<Pixels> => loadPixels(host.pictureUrl({ kind: 'map', map, subset, what }));
      const [seen, put] = await Promise.all([load('picture'), output.value ? load('output') : null]);
      if (mine !== blow || drawn.value?.map !== map) return;
      const { moved, breaks } = found;
      learn([{ subset, moved, breaks }]);
      struck.value = { ...found, picture: seen, output: put };
    } catch (fault) {
      if (mine === blow) useApp().fail(fault);
    } finally {
      if (mine === blow) striking.value = false;
    }
  }

  const subsetOf = (at: Point): number => (drawn.value ? subsetAt(drawn.value.cells, at, values.value) : -1);

  /** The pixels of the most vulnerable subsets become the selection. */
  function selectTop(howMany: number): void {
    if (drawn.value) selected.value = new Set(pixelsOf(drawn.value.cells, new Set(topSubsets(values.value, howMany))));
  }

  function selectBox(a: Point, b: Point): void {
    const { width } = drawn.value!.cells;
    const pixels = new Set<number>();
    for (let y = Math.min(a.y, b.y); y <= Math.max(a.y, b.y); y++) for (let x = Math.min(a.x, b.x); x <= Math.max(a.x, b.x); x++) pixels.add(y * width + x);
    selected.value = pixels;
  }

  /** Nothing but the selection may be changed in the next audit. */
  function attackOnly(): void {
    const { width, height } = drawn.value!.cells;
    useRegion().attackOnly({ width, height, pixels: [...selected.value].sort((a, b) => a - b) });
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
    blow += 1;
    [drawn.value, picture.value, output.value, progress.value, best.value, struck.value, error.value] = [null, null, null, null, null, null, null];
    working.value = striking.value = false;
    selected.value = new Set();
  }

  /** Draws when the screen is opened and whenever settings have come to rest. Gives back what ends it. */
  function follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ends = [
      watch(request, (ask) => {
        clearTimeout(timer);
        if ((ask ? JSON.stringify(ask) : '') !== asked) timer = setTimeout(() => void draw(), REST);
      }),
      watch(which, () => void work()),
      watch(() => image.value?.id, () => useView().reset()),
    ];
    if (!drawn.value || (request.value && JSON.stringify(request.value) !== asked)) void draw();
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }

  return {
    from, imageId, settings, opacity, scale, sort, down, drawn, picture, output, progress, best, struck, opening, working, striking, error, selected,
    subject, place, image, eps, which, mask, values, most, places, rows, busy,
    show, move, draw, stop, strike, subsetOf, selectTop, selectBox, attackOnly, save, sortBy, follow,
  };
});
