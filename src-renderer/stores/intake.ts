import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { SampleName } from '../../shared/contract.ts';
import type { LeftOut } from '../../shared/results.ts';
import type { Dropped } from '../host/files.ts';
import type { Step } from '../../shared/screens.ts';
import { theHost } from '../host/index.ts';
import { awaitedFile } from '../logic/goals.ts';
import { baseName, isText, sortPaths } from '../logic/sort.ts';
import { OwnError, S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useOpening } from './opening.ts';
import { useThreat } from './threat.ts';

/** Goes to the screen of what was taken, unless somebody has gone to another one while it was being read. */
type GoTo = (to: Step) => void;
function unlessMovedOn(): GoTo {
  const app = useApp();
  const from = app.step;
  return (to) => {
    if (app.step === from) app.step = to;
  };
}

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

  /** What was dropped, and what of it the browser cannot read. */
  async function drop({ files, unreadable }: Dropped): Promise<void> {
    const lost = unreadable.map((source) => ({ source, reason: S.errors.notRead }));
    if (files.length > 0 || lost.length === 0) await take(files, place, lost);
    else useApp().fail(new OwnError(`${lost[0]!.source} ${lost[0]!.reason}`));
  }

  /**
   * @param use takes in what the host made of the files
   * @param lost files that are left out already
   */
  async function take(
    files: readonly File[],
    use: (paths: string[], goTo: GoTo) => unknown = place,
    lost: readonly LeftOut[] = [],
  ): Promise<void> {
    const app = useApp();
    const goTo = unlessMovedOn();
    if (files.length === 0) return app.fail(new OwnError(S.errors.nothingDropped));
    importing.value += files.length;
    try {
      const { paths, leftOut } = await theHost().importFiles([...files]);
      const left = [...lost, ...leftOut];
      if (paths.length > 0) await use(paths, goTo);
      leave(left, paths);
    } catch (error) {
      app.fail(error);
    } finally {
      importing.value -= files.length;
    }
  }

  /** Says what the host did not take: beside the pictures where it came with some, else at once. */
  function leave(left: readonly LeftOut[], paths: readonly string[]): void {
    const images = useImages();
    if (left.length === 0) return;
    if (paths.some((path) => images.paths.includes(path))) images.notCopied = [...images.notCopied, ...left];
    else useApp().fail(new OwnError(`${left[0]!.source} ${left[0]!.reason}`));
  }

  /** As `take`, but nothing is no mistake: a dialog that was closed. */
  async function takeSome(files: readonly File[]): Promise<void> {
    if (files.length > 0) await take(files);
  }

  async function place(paths: readonly string[], goTo = unlessMovedOn()): Promise<void> {
    const app = useApp();
    const images = useImages();
    let sorted = sortPaths(paths);
    if (sorted.audit !== null) await useOpening().open(await theHost().call('open', { file: sorted.audit }));
    // A goal that waits for its picture takes the one that is dropped on it.
    const threat = useThreat();
    const awaited = threat.goalCard && awaitedFile(threat.goalCard, threat.goal);
    if (app.step === 'threat' && awaited && sorted.images.length === 1 && paths.length === 1) {
      const [picture] = sorted.images;
      threat.goal = { ...threat.goal, [awaited]: picture };
      app.tell(S.taken.as(baseName(picture!), S.taken.picture));
      return;
    }
    if (sorted.model !== null && (await useModel().open(sorted.model))) goTo('model');
    // Whether a text is labels or names is told by what it holds, and by the model that it is for.
    sorted = sortPaths(paths, await told(paths.filter(isText), [...images.paths, ...sorted.images.filter((path) => !isText(path))]));
    // With pictures, files beside them are read along with them, once.
    if (sorted.images.length > 0) {
      images.classNamesFile = sorted.classNames ?? images.classNamesFile;
      images.labels = sorted.labels ?? images.labels;
    } else {
      if (sorted.classNames !== null) await images.setClassNames(sorted.classNames);
      if (sorted.labels !== null) await images.setLabels(sorted.labels);
    }
    // Only these are guesses: what else was dropped is seen at once.
    if (sorted.labels !== null && images.labels === sorted.labels) app.tell(S.taken.as(baseName(sorted.labels), S.taken.labels));
    if (sorted.classNames !== null && images.classNamesFile === sorted.classNames)
      app.tell(S.taken.as(baseName(sorted.classNames), S.taken.classNames));
    if (sorted.images.length > 0 && (await images.add(sorted.images)) && sorted.model === null) goTo('images');
  }

  async function told(files: string[], paths: string[]): Promise<Map<string, 'labels' | 'classNames' | null>> {
    if (files.length === 0) return new Map();
    const kinds = await theHost().call('tell', { files, paths, classes: useModel().card?.classes || null });
    return new Map(files.map((file, i) => [file, kinds[i] ?? null]));
  }

  /** A file that was picked for class names. */
  async function takeNames(files: readonly File[]): Promise<void> {
    if (files.length > 0) await take(files, ([path]) => useImages().setClassNames(path!));
  }

  /** Loads a bundled model with its pictures. */
  async function sample(name: SampleName = 'signs'): Promise<void> {
    const app = useApp();
    const goTo = unlessMovedOn();
    sampling.value = true;
    try {
      const given = await theHost().call('sample', { name });
      if (!(await useImages().replace(given.images, given.labels, given.classNames))) return;
      if (await useModel().open(given.model)) goTo('model');
    } catch (error) {
      app.fail(error);
    } finally {
      sampling.value = false;
    }
  }

  return { importing, sampling, drop, take, takeSome, takeNames, open, sample };
});
