import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { LoadedImage } from '../../shared/contract.ts';
import type { Norm } from '../../shared/norms.ts';
import { unpackSubsets } from '../../shared/partitions.ts';
import { theHost } from '../host/index.ts';
import { areaSizes, inverted, painted } from '../logic/areas.ts';
import { useLatest } from '../logic/latest.ts';
import { FIRST_CUT, fitsMask, type Cut } from '../logic/subsets.ts';
import type { Point } from '../logic/zoom.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';

/** A picture cut by the engine. */
interface Shown {
  width: number;
  height: number;
  /** How many subsets there are. */
  count: number;
  /** Number of each pixel's, from 1 on. */
  areas: Int32Array;
}

/** Where and in which subsets a picture may be changed: one choice for every attack on subsets. */
export const useRegion = defineStore('region', () => {
  const cut = shallowRef<Cut>(FIRST_CUT);
  /** Place of the picture it is shown on. */
  const place = ref(0);
  /** The area that is painted. */
  const area = ref(1);
  const shown = shallowRef<Shown | null>(null);
  /** While the engine cuts a picture. */
  const busy = ref(false);
  const latest = useLatest();

  const image = computed((): LoadedImage | null => useImages().images[Math.min(place.value, useImages().images.length - 1)] ?? null);
  const masked = computed(() => cut.value.partition === 'mask');
  const sizes = computed(() => areaSizes(cut.value.mask));
  /** Whether the mask is for pictures like the one on show. */
  const fits = computed(() => image.value !== null && fitsMask(cut.value, image.value));
  /** Pictures that the mask does not fit. */
  const misfits = computed(() => (masked.value ? useImages().images.filter((one) => !fitsMask(cut.value, one)).length : 0));

  function change(part: Partial<Cut>): void {
    cut.value = { ...cut.value, ...part };
    if (masked.value && cut.value.mask.length === 0) begin();
  }

  /** An empty mask for the picture on show. */
  function begin(): void {
    if (!image.value) return;
    const { width, height } = image.value;
    area.value = 1;
    cut.value = { ...cut.value, mask: new Array<number>(width * height).fill(0), width, height };
  }

  /** Gives pixels to an area; 0 takes them out of it. */
  function paint(pixels: Iterable<Point>, to: number): void {
    if (fits.value) change({ mask: painted(cut.value.mask, cut.value, pixels, to) });
  }

  function fill(to: number): void {
    change({ mask: cut.value.mask.map(() => to) });
  }

  function invert(): void {
    change({ mask: inverted(cut.value.mask, area.value) });
  }

  /** Why attacks on subsets cannot run under a norm, as a sentence. */
  function wrong(norm: Norm): string | null {
    if (masked.value && sizes.value.size === 0) return S.region.none;
    return norm === 'l0Pixels' && ['feature', 'channel'].includes(cut.value.partition) ? S.region.wholePixels : null;
  }

  /** Asks the engine how it cuts the picture on show; a mask needs no asking. */
  async function look(): Promise<void> {
    const isLatest = latest.begin();
    busy.value = false;
    const { areaPixels: _, width: _w, height: _h, mask: _m, ...choice } = cut.value;
    if (!image.value || choice.partition === 'mask') return void (shown.value = null);
    busy.value = true;
    try {
      const { of, ...rest } = await theHost().call('partition', { image: image.value.id, choice });
      if (isLatest()) shown.value = { ...rest, areas: unpackSubsets(of, rest.width * rest.height).map((subset) => subset + 1) };
    } catch (error) {
      if (isLatest()) useApp().fail(error);
    } finally {
      if (isLatest()) busy.value = false;
    }
  }

  /** Follows the picture and the choice. Gives back what ends it. */
  function follow(): () => void {
    return watch([cut, () => image.value?.id], () => void look(), { immediate: true });
  }

  return {
    cut,
    place,
    area,
    shown,
    busy,
    image,
    masked,
    sizes,
    fits,
    misfits,
    change,
    begin,
    paint,
    fill,
    invert,
    wrong,
    follow,
  };
});
