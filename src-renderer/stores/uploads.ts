import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { bytes } from '../../shared/format.ts';
import type { Uploads } from '../../shared/uploads.ts';
import { theHost } from '../host/index.ts';
import { debounce } from '../logic/debounce.ts';
import { foldersOf } from '../logic/sort.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useIntake } from './intake.ts';
import { useModel } from './model.ts';
import { useThreat } from './threat.ts';

/** How long the set-up must rest before the host is told, in ms. */
const DEBOUNCE = 500;

/** In a browser, what is dropped is copied: says which copies the set-up needs, and knows how large they all are. */
export const useUploads = defineStore('uploads', () => {
  /** null where nothing is copied. */
  const sizes = shallowRef<Uploads | null>(null);
  const removing = ref(false);
  const debounced = debounce(DEBOUNCE, tell);
  /** What the set-up needed since it is about this model and these pictures: the history may bring any of it back. */
  let needed = new Set<string>();

  /** Folders of all that the set-up names. */
  const named = computed(() => {
    const [model, images] = [useModel(), useImages()];
    const paths = [model.card?.path, model.unclear?.path, ...images.paths, images.labels, images.classNamesFile];
    return foldersOf([...paths.filter((path) => path != null), ...useThreat().goalFiles.map(({ path }) => path)]);
  });
  const subject = computed(() => JSON.stringify([useModel().card?.path ?? null, useImages().paths]));

  async function tell(): Promise<void> {
    // What is on its way is kept by the host.
    if (useIntake().importing === 0)
      sizes.value =
        (await theHost()
          .uploads?.([...needed])
          .catch(() => sizes.value)) ?? null;
  }

  /** Removes what belongs to no set-up and no audit. */
  async function discard(): Promise<void> {
    const before = sizes.value!.loose;
    removing.value = true;
    try {
      sizes.value = (await theHost().uploads?.([...needed], true)) ?? null;
      if (before > 0) useApp().tell(S.uploads.removed(bytes(before)));
    } catch (error) {
      useApp().fail(error);
    } finally {
      removing.value = false;
    }
  }

  /** Follows the set-up, while the window is open. Gives back what ends it. */
  function follow(): () => void {
    if (!theHost().uploads) return () => {};
    const stop = watch(
      [named, subject, () => useIntake().importing, () => useApp().audits] as const,
      ([now, about], [, before]) => {
        needed = about === before ? new Set([...needed, ...now]) : new Set(now);
        debounced();
      },
      { immediate: true },
    );
    return () => {
      debounced.cancel();
      stop();
    };
  }

  return { sizes, removing, refresh: tell, discard, follow };
});
