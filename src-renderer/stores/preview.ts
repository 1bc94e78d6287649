import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { messageOf } from '../../shared/errors.ts';
import { PREVIEW_MOST, type Preview, type PreviewPicture } from '../../shared/preview.ts';
import { theHost } from '../host/index.ts';
import { useLatest } from '../logic/latest.ts';
import { debounce } from '../logic/debounce.ts';
import { spread } from '../../shared/spread.ts';
import { askOnChange } from './askOnChange.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';

/** How long the preprocessing must rest before the engine is asked, in ms. */
const DEBOUNCE = 150;

/** One picture as the network reads it, in the answer that has it. */
export interface Shown {
  preview: string;
  picture: PreviewPicture;
}

/** What the network reads under the preprocessing that is set: of the chosen image at once, then of some from all over the set, then what fits their labels better. */
export const usePreview = defineStore('preview', () => {
  /** Answers with what they are answers to. */
  const reading = shallowRef<{ of: string; shown: Shown } | null>(null);
  const checking = shallowRef<{ of: string; preview: Preview } | null>(null);
  const pending = ref(false);
  const error = ref<string | null>(null);
  /** Of what other preprocessings were tried. */
  let tried = '';
  const debounced = debounce(DEBOUNCE, ask);
  const latest = useLatest();

  const image = computed(() => useImages().chosenOrFirst);
  const some = computed(() => spread(useImages().images, PREVIEW_MOST));
  const subject = computed(() => {
    const { card, preprocessing, ends } = useModel();
    return card && preprocessing && image.value ? { model: card.path, preprocessing, ...ends } : null;
  });
  const key = computed(() =>
    subject.value ? JSON.stringify([subject.value, some.value.map(({ id, source, label }) => [id, source, label])]) : '',
  );
  const oneKey = computed(() =>
    subject.value ? JSON.stringify([subject.value, image.value!.id, image.value!.source, image.value!.label]) : '',
  );
  /** Of what is set now, and of nothing that was set before. */
  const shown = computed(() => (reading.value?.of === oneKey.value ? reading.value.shown : null));
  const checked = computed(() => (checking.value?.of === key.value ? checking.value.preview : null));

  /** Asks for what is set now. Only the newest answer counts. */
  async function ask(): Promise<void> {
    const isLatest = latest.begin();
    const [asked, of, ofOne, one] = [subject.value, key.value, oneKey.value, image.value?.id];
    error.value = null;
    if (!asked || one === undefined) {
      [reading.value, checking.value, pending.value] = [null, null, false];
      return;
    }
    const show = (preview: Preview): boolean => {
      const picture = preview.pictures.find(({ image: id }) => id === one);
      if (picture) reading.value = { of: ofOne, shown: { preview: preview.preview, picture } };
      return picture !== undefined;
    };
    const look = async (images: string[], trials = false): Promise<Preview | null> => {
      const answer = await theHost().call('preview', { ...asked, images, trials });
      return isLatest() ? answer : null;
    };
    try {
      const before = checked.value;
      if (before === null || !show(before)) {
        pending.value = true;
        const first = await look([one]);
        if (!first) return;
        show(first);
      }
      if (before === null) {
        const rest = await look(some.value.map(({ id }) => id));
        if (!rest) return;
        checking.value = { of, preview: rest };
        show(rest);
      }
      pending.value = false;
      if (of === tried || checked.value?.accuracy == null) return;
      // What takes longer comes last, and is given up for whatever is asked next.
      const better = await look(
        some.value.map(({ id }) => id),
        true,
      );
      if (!better) return;
      [checking.value, tried] = [{ of, preview: better }, of];
      show(better);
    } catch (fault) {
      if (isLatest()) [reading.value, checking.value, error.value] = [null, null, messageOf(fault)];
    } finally {
      if (isLatest()) pending.value = false;
    }
  }

  /** Keeps asking while something changes. Gives back what ends it. */
  function follow(): () => void {
    const stop = askOnChange(
      () => `${key.value} ${oneKey.value}`,
      () => subject.value !== null,
      pending,
      debounced,
    );
    return () => {
      stop();
      latest.cancel();
      pending.value = false;
    };
  }

  return { shown, checked, pending, error, image, ask, follow };
});
