import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { SampleName } from '../../shared/contract.ts';
import { theHost } from '../host/index.ts';
import { sortPaths } from '../logic/sort.ts';
import { OwnError, S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useOpening } from './opening.ts';
import { useThreat } from './threat.ts';

/** Takes in whatever was dropped or picked, and brings each thing where it belongs. */
export const useIntake = defineStore('intake', () => {
  /** Files on their way; 0 when none. */
  const importing = ref(0);
  const sampling = ref(false);

  /** Files the host knows already. */
  async function open(paths: readonly string[]): Promise<void> {
    try {
      await place(paths);
    } catch (error) {
      useApp().fail(error);
    }
  }

  /** @param use takes in what the host made of the files */
  async function take(files: readonly File[], use: (paths: string[]) => unknown = place): Promise<void> {
    const app = useApp();
    if (files.length === 0) return app.fail(new OwnError(S.errors.nothingDropped));
    importing.value += files.length;
    try {
      await use(await theHost().importFiles([...files]));
    } catch (error) {
      app.fail(error);
    } finally {
      importing.value -= files.length;
    }
  }

  /** As `take`, but nothing is no mistake: a dialog that was closed. */
  async function takeSome(files: readonly File[]): Promise<void> {
    if (files.length > 0) await take(files);
  }

  async function place(paths: readonly string[]): Promise<void> {
    const app = useApp();
    const images = useImages();
    const sorted = sortPaths(paths);
    if (sorted.audit !== null) await useOpening().open(await theHost().call('open', { file: sorted.audit }));
    // A goal that waits for its picture takes the one that is dropped on it.
    const threat = useThreat();
    if (app.step === 'threat' && threat.goal === 'match' && sorted.images.length === 1 && paths.length === 1) {
      threat.picture = sorted.images[0]!;
      return;
    }
    if (sorted.model !== null && (await useModel().open(sorted.model))) app.step = 'model';
    // With pictures, files beside them are read along with them, once.
    if (sorted.images.length > 0) {
      images.classNamesFile = sorted.classNames ?? images.classNamesFile;
      images.labels = sorted.labels ?? images.labels;
    } else {
      if (sorted.classNames !== null) await images.setClassNames(sorted.classNames);
      if (sorted.labels !== null) await images.setLabels(sorted.labels);
    }
    if (sorted.images.length > 0 && (await images.add(sorted.images)) && sorted.model === null) app.step = 'images';
  }

  /** Loads a bundled model with its pictures. */
  async function sample(name: SampleName = 'signs'): Promise<void> {
    const app = useApp();
    sampling.value = true;
    try {
      const given = await theHost().call('sample', { name });
      if (!(await useImages().replace(given.images, given.labels, given.classNames))) return;
      if (await useModel().open(given.model)) app.step = 'model';
    } catch (error) {
      app.fail(error);
    } finally {
      sampling.value = false;
    }
  }

  return { importing, sampling, take, takeSome, open, sample };
});
