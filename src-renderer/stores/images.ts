import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { CallIn, CallOut, LoadedImage } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import type { LeftOut, LeftOutList } from '../../shared/results.ts';
import { theHost } from '../host/index.ts';
import { useLatest } from '../logic/latest.ts';
import { baseName } from '../logic/sort.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useCard } from './card.ts';

/** What a first look at a large data set takes; the user raises it. */
const FIRST_LIMIT = 100;

/** Whatever the seed of the audit: who tries another one shall see the same pictures. */
const DRAW = 0;

const NONE_LEFT: LeftOutList = { total: 0, files: [] };

/** The pictures under audit and their labels. */
export const useImages = defineStore('images', () => {
  const paths = ref<string[]>([]);
  const labels = ref<string | null>(null);
  const classNamesFile = ref<string | null>(null);
  const offset = ref(0);
  /** How many are drawn at most; null: all are taken. */
  const limit = ref<number | null>(FIRST_LIMIT);
  const range = computed((): Pick<CallIn<'images'>, 'offset' | 'limit' | 'sample'> => ({
    offset: offset.value,
    limit: null,
    ...(limit.value !== null && { sample: { size: limit.value, seed: DRAW } }),
  }));
  const images = shallowRef<LoadedImage[]>([]);
  const total = ref(0);
  const classNames = shallowRef<string[] | null>(null);
  const warnings = shallowRef<string[]>([]);
  /** What was given and cannot be taken, as the engine says; and what the host could not even take in. */
  const leftOut = shallowRef<LeftOutList>(NONE_LEFT);
  const notCopied = shallowRef<LeftOut[]>([]);
  /** Why the labels or class names do not fit the pictures, which were taken without them; null where they do. */
  const unfit = ref<string | null>(null);
  /** Files that nobody named, but that were found in the folders. */
  const beside = ref<string[]>([]);
  /** Which of the files in use these are. */
  const found = computed(() =>
    (
      [
        ['labels', labels.value],
        ['classNames', classNamesFile.value],
      ] as const
    ).flatMap(([kind, file]) => (file !== null && beside.value.includes(file) ? [kind] : [])),
  );
  const loading = ref(false);
  /** The one that is chosen in the grid. */
  const chosen = ref<string | null>(null);
  const current = computed(() => (images.value.some((image) => image.id === chosen.value) ? chosen.value : null));
  /** What a screen of one image shows. */
  const chosenOrFirst = computed(() => images.value.find(({ id }) => id === chosen.value) ?? images.value[0] ?? null);
  const latest = useLatest();

  const unlabelled = computed(() => images.value.filter((image) => image.label === null).length);

  /**
   * Adds to what is there. What cannot be read at all is taken out again.
   * @param search whether labels and class names that lie in the folders are taken, too
   */
  async function add(more: readonly string[], search = true): Promise<boolean> {
    const before = paths.value;
    if (search) await lookBeside(more);
    paths.value = [...new Set([...before, ...more])];
    const ok = await load();
    if (!ok) paths.value = before;
    return ok;
  }

  /** Takes labels and class names that lie in folders, where nobody gave any. */
  async function lookBeside(folders: readonly string[]): Promise<void> {
    if (labels.value !== null && classNamesFile.value !== null) return;
    // Where the pictures cannot be opened, opening them says so.
    const found = await theHost()
      .call('beside', { paths: [...folders], classes: classes() })
      .catch(() => null);
    const taken: [string | null | undefined, typeof labels, string][] = [
      [found?.labels, labels, S.taken.labels],
      [found?.classNames, classNamesFile, S.taken.classNames],
    ];
    for (const [file, into, what] of taken) {
      if (file == null || into.value !== null) continue;
      into.value = file;
      beside.value = [...beside.value, file];
      useApp().tell(S.taken.as(baseName(file), what));
    }
  }

  /** Classes of the model; null while unknown, and of a network that has none. */
  const classes = (): number | null => useCard().card?.classes || null;

  /** Takes some of what was given back. */
  async function remove(gone: readonly string[]): Promise<void> {
    paths.value = paths.value.filter((path) => !gone.includes(path));
    if (paths.value.length > 0) await load();
    else forget();
  }

  async function setLabels(path: string | null): Promise<void> {
    const before = labels.value;
    labels.value = path;
    if (paths.value.length > 0 && !(await load(path !== null))) labels.value = before;
  }

  async function setClassNames(path: string | null): Promise<void> {
    const before = classNamesFile.value;
    classNamesFile.value = path;
    if (paths.value.length > 0 && !(await load(path !== null))) classNamesFile.value = before;
  }

  /** Sets one label by hand; null takes it away. The others stay, wherever they came from. */
  async function relabel(image: LoadedImage, label: number | null): Promise<boolean> {
    try {
      const { file } = await theHost().call('relabel', { paths: [...paths.value], ...sidecars(), at: image.at, label });
      await setLabels(file);
      return labels.value === file;
    } catch (error) {
      useApp().fail(error);
      return false;
    }
  }

  /** Takes class names as text; gives why they do not fit, or null. */
  async function nameClasses(text: string, classes: number | null): Promise<string | null> {
    try {
      const { file } = await theHost().call('nameClasses', { text, classes });
      await setClassNames(file);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async function setRange(from: number, most: number | null): Promise<void> {
    offset.value = from;
    limit.value = most;
    if (paths.value.length > 0) await load();
  }

  /** Replaces everything, as the sample does. */
  async function replace(all: readonly string[], labelFile: string | null, namesFile: string | null): Promise<boolean> {
    clear();
    labels.value = labelFile;
    classNamesFile.value = namesFile;
    return add(all, false);
  }

  function clear(): void {
    labels.value = null;
    classNamesFile.value = null;
    forget();
  }

  /** Removes the pictures; labels and names stay for others. */
  function forget(): void {
    latest.cancel();
    paths.value = [];
    offset.value = 0;
    limit.value = FIRST_LIMIT;
    images.value = [];
    total.value = 0;
    classNames.value = null;
    warnings.value = [];
    leftOut.value = NONE_LEFT;
    notCopied.value = [];
    unfit.value = null;
    loading.value = false;
  }

  /** Another engine has yet to hear of the pictures; they are the same, so nothing changes here. */
  async function tellAgain(): Promise<void> {
    if (paths.value.length > 0) await load();
  }

  /** @param strict whether labels and names that do not fit are refused */
  async function load(strict = false): Promise<boolean> {
    const isLatest = latest.begin();
    loading.value = true;
    try {
      const { out, why } = await open(strict);
      if (!isLatest()) return true;
      unfit.value = why;
      leftOut.value = out.leftOut;
      images.value = out.images;
      total.value = out.total;
      classNames.value = out.classNames;
      warnings.value = out.warnings;
      return true;
    } catch (error) {
      useApp().fail(error);
      return false;
    } finally {
      if (isLatest()) loading.value = false;
    }
  }

  /** What goes with the pictures, where it fits them. */
  function sidecars(): { labels: string | null; classNames: string | null } {
    return unfit.value === null ? { labels: labels.value, classNames: classNamesFile.value } : { labels: null, classNames: null };
  }

  /** Opens the pictures. Labels that do not fit are no reason to refuse pictures: these are taken without. */
  async function open(strict: boolean): Promise<{ out: CallOut<'images'>; why: string | null }> {
    const input = { paths: [...paths.value], ...range.value };
    const ask = (labelFile: string | null, namesFile: string | null, unlabelled = false) =>
      theHost().call('images', {
        ...input,
        labels: labelFile,
        classNames: namesFile,
        modelNames: namesFile === null ? (useCard().card?.classNames ?? null) : null,
        classes: classes(),
        unlabelled,
      });
    try {
      return { out: await ask(labels.value, classNamesFile.value), why: null };
    } catch (error) {
      if (strict) throw error;
      return { out: await ask(null, null, true), why: messageOf(error) };
    }
  }

  return {
    paths,
    labels,
    classNamesFile,
    offset,
    limit,
    range,
    images,
    total,
    classNames,
    warnings,
    loading,
    unlabelled,
    chosen,
    current,
    chosenOrFirst,
    leftOut,
    notCopied,
    unfit,
    found,
    add,
    remove,
    setLabels,
    setClassNames,
    relabel,
    nameClasses,
    setRange,
    replace,
    clear,
    tellAgain,
  };
});
