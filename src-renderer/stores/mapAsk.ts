import { defineStore } from 'pinia';
import { computed, reactive, ref } from 'vue';
import type { CallIn } from '../../shared/contract.ts';
import type { PARTITIONS } from '../../shared/partitions.ts';
import type { MapName } from '../logic/mapRows.ts';
import { auditSubject, loadedSubject, type MapSubject } from '../logic/mapSubject.ts';
import { fitsMask } from '../logic/subsets.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useRegion } from './region.ts';
import { useResults } from './results.ts';
import { useThreat } from './threat.ts';

/** What a map is asked for: which picture on which model, how it is cut, how far it may be changed, and which map is on show. */
export const useMapAsk = defineStore('mapAsk', () => {
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

  const subject = computed((): MapSubject | null => {
    const [results, model, images, threat] = [useResults(), useModel(), useImages(), useThreat()];
    if (from.value === 'results')
      return results.results && results.audit
        ? auditSubject(
            results.audit,
            results.results,
            results.threat,
            results.rows.map((row) => row.image),
            model.card,
          )
        : null;
    if (!model.card || !model.preprocessing || images.images.length === 0) return null;
    const { card, preprocessing, ends, provider } = model;
    return loadedSubject({
      card,
      preprocessing,
      ends,
      provider,
      images: images.images,
      names: images.classNames,
      goal: threat.goal,
    });
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
    get: (): MapName =>
      chosen.value && (chosen.value !== 'quadratic' || subject.value?.onOutput)
        ? chosen.value
        : subject.value?.onOutput
          ? 'quadratic'
          : 'linear',
    set: (name) => (chosen.value = name),
  });
  const mask = computed(() => {
    const { cut } = useRegion();
    return image.value && fitsMask(cut, image.value) && cut.mask.some((area) => area > 0) ? cut.mask : null;
  });
  const request = computed((): CallIn<'map'> | null => {
    if (!subject.value || !image.value || (settings.partition === 'mask' && !mask.value)) return null;
    const { partition, block, superpixels, compactness, tries, probes, reference } = settings;
    const cut = { partition, block, superpixels, compactness, mask: partition === 'mask' ? [...mask.value!] : [] };
    return {
      ...subject.value.request,
      image: subject.value.address(image.value.id),
      epsilon: eps.value,
      partition: cut,
      tries,
      probes,
      reference: reference ?? subject.value.reference,
    };
  });

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

  return { from, imageId, settings, subject, place, image, eps, which, mask, request, show, move };
});
