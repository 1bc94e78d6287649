import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../shared/errors.ts';
import { PREVIEW_MOST, type Preview, type PreviewPicture } from '../../shared/preview.ts';
import { theHost } from '../host/index.ts';
import { atRest } from '../logic/rest.ts';
import { spread } from '../../shared/spread.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';

/** How long the preprocessing must rest before the engine is asked, in ms. */
const REST = 150;

/** One picture as the network reads it, in the answer that has it. */
export interface Shown {
  preview: string;
  picture: PreviewPicture;
}

/** What the network reads under the preprocessing that is set: of the chosen image at once, then of some from all over the set, then what fits their labels better. */
export const usePreview = defineStore('preview', () => {
  const shown = shallowRef<Shown | null>(null);
  const checked = shallowRef<Preview | null>(null);
  const pending = ref(false);
  const error = ref<string | null>(null);
  /** What `checked` is the answer to. */
  let answered = '';
  /** The same once other preprocessings were tried. */
  let tried = '';
  const rest = atRest(REST, ask);
  let round = 0;

  const image = computed(() => useImages().chosenOrFirst);
  const some = computed(() => spread(useImages().images, PREVIEW_MOST));
  const subject = computed(() => {
    const { card, preprocessing, ends } = useModel();
    return card && preprocessing && image.value ? { model: card.path, preprocessing, ...ends } : null;
  });
  const key = computed(() => (subject.value ? JSON.stringify([subject.value, some.value.map(({ id, source, label }) => [id, source, label])]) : ''));

  /** Asks for what is set now. Only the newest answer counts. */
  async function ask(): Promise<void> {
    const mine = ++round;
    const [asked, of, one] = [subject.value, key.value, image.value?.id];
    if (!asked || one === undefined) {
      [shown.value, checked.value, error.value, answered, pending.value] = [null, null, null, '', false];
      return;
    }
    const look = async (images: string[], trials = false): Promise<Preview | null> => {
      const answer = await theHost().call('preview', { ...asked, images, trials });
      return mine === round ? answer : null;
    };
    try {
      if (of !== answered || !show(checked.value!, one)) {
        pending.value = true;
        const first = await look([one]);
        if (!first) return;
        show(first, one);
        error.value = null;
      }
      if (of !== answered) {
        const rest = await look(some.value.map(({ id }) => id));
        if (!rest) return;
        [checked.value, answered] = [rest, of];
        show(rest, one);
      }
      pending.value = false;
      if (of === tried || checked.value?.accuracy == null) return;
      // What takes longer comes last, and is given up for whatever is asked next.
      const better = await look(some.value.map(({ id }) => id), true);
      if (!better) return;
      [checked.value, tried] = [better, of];
      show(better, one);
    } catch (fault) {
      if (mine === round) [shown.value, checked.value, answered, error.value] = [null, null, '', messageOf(fault)];
    } finally {
      if (mine === round) pending.value = false;
    }
  }

  /** Whether the answer has the image. */
  function show({ preview, pictures }: Preview, id: string): boolean {
    const picture = pictures.find((one) => one.image === id);
    if (picture) shown.value = { preview, picture };
    return picture !== undefined;
  }

  /** Keeps asking while something changes. Gives back what ends it. */
  function follow(): () => void {
    const stop = watch(() => `${key.value} ${image.value?.id}`, rest.begin, { immediate: true });
    return () => {
      stop();
      rest.stop();
      round++;
      pending.value = false;
    };
  }

  return { shown, checked, pending, error, image, ask, follow };
});
