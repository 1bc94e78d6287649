import { defineStore } from 'pinia';
import { watch } from 'vue';
import { isSetup, type Step } from '../../shared/screens.ts';
import { theHost } from '../host/index.ts';
import type { Settings } from '../logic/history.ts';
import { removeSession, writeSession, readSession } from '../logic/storage.ts';
import { debounce } from '../logic/debounce.ts';
import { OwnError, S } from '../strings.ts';
import { useApp } from './app.ts';
import { useHistory } from './history.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';

/** How long the set-up must rest before it is kept, in ms. */
const DEBOUNCE = 200;
const KEY = 'setup';

interface Kept {
  step: Step;
  model: string | null;
  images: string[];
  settings: Settings;
}

/** Keeps what the window is set up with, as paths that the host knows, until the window is closed: a page may be loaded again. */
export const useSetup = defineStore('setup', () => {
  function now(): Kept {
    return { step: useApp().step, model: useModel().card?.path ?? null, images: [...useImages().paths], settings: useHistory().settings() };
  }

  /** Sets up what was kept. What the host no longer has is said, and forgotten. */
  async function restore(): Promise<void> {
    const text = readSession(KEY);
    if (text === null) return;
    const images = useImages();
    try {
      const kept = JSON.parse(text) as Kept;
      const { settings } = kept;
      const ends = {
        input: settings['input'],
        fixed: settings['fixed'],
        output: settings['output'],
        answer: settings['answer'],
      } as Parameters<ReturnType<typeof useModel>['open']>[1];
      const given = [kept.model, ...kept.images].filter((path) => path !== null);
      // A browser's copies may be gone with an earlier server.
      await theHost().uploads?.(given);
      if (kept.images.length > 0)
        await images.replace(kept.images, settings['labels'] as string | null, settings['classNames'] as string | null);
      else [images.labels, images.classNamesFile] = [settings['labels'] as string | null, settings['classNames'] as string | null];
      if (kept.model !== null) await useModel().open(kept.model, ends);
      const there = useModel().card?.path === (kept.model ?? undefined) && images.paths.length === kept.images.length;
      if (!there) useApp().fail(new OwnError(S.taken.gone));
      await useHistory().restore(settings);
      if (there && isSetup(kept.step)) useApp().step = kept.step;
    } catch {
      // Of an earlier version, or no set-up at all.
      removeSession(KEY);
    }
  }

  /** Keeps what changes, while the window is open. Gives back what ends it. */
  function follow(): () => void {
    const debounced = debounce(DEBOUNCE, () => writeSession(KEY, JSON.stringify(now())));
    const stop = watch(now, () => debounced());
    return () => {
      debounced.cancel();
      stop();
    };
  }

  return { restore, follow };
});
