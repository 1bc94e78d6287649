import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { LoadedImage } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import { theHost } from '../host/index.ts';
import { useApp } from './app.ts';

/** What a first look at a large data set takes; the user raises it. */
const FIRST_LIMIT = 100;

/** The pictures under audit and their labels. */
export const useImages = defineStore('images', () => {
  const paths = ref<string[]>([]);
  const labels = ref<string | null>(null);
  const classNamesFile = ref<string | null>(null);
  const offset = ref(0);
  const limit = ref<number | null>(FIRST_LIMIT);
  const images = shallowRef<LoadedImage[]>([]);
  const total = ref(0);
  const classNames = shallowRef<string[] | null>(null);
  const warnings = shallowRef<string[]>([]);
  const loading = ref(false);
  /** The one that is chosen in the grid. */
  const chosen = ref<string | null>(null);
  const current = computed(() => (images.value.some((image) => image.id === chosen.value) ? chosen.value : null));
  /** What a screen of one image shows. */
  const chosenOrFirst = computed(() => images.value.find(({ id }) => id === chosen.value) ?? images.value[0] ?? null);
  let round = 0;

  const unlabelled = computed(() => images.value.filter((image) => image.label === null).length);

  /** Adds to what is there. What cannot be read is taken out again. */
  async function add(more: readonly string[]): Promise<boolean> {
    const before = paths.value;
    paths.value = [...new Set([...before, ...more])];
    const ok = await load();
    if (!ok) paths.value = before;
    return ok;
  }

  async function setLabels(path: string | null): Promise<void> {
    const before = labels.value;
    labels.value = path;
    if (paths.value.length > 0 && !(await load())) labels.value = before;
  }

  async function setClassNames(path: string | null): Promise<void> {
    const before = classNamesFile.value;
    classNamesFile.value = path;
    if (paths.value.length > 0 && !(await load())) classNamesFile.value = before;
  }

  /** Sets one label by hand; null takes it away. The others stay, wherever they came from. */
  async function relabel(image: LoadedImage, label: number | null): Promise<boolean> {
    const at = offset.value + images.value.findIndex(({ id }) => id === image.id);
    try {
      const { file } = await theHost().call('relabel', { paths: [...paths.value], labels: labels.value, classNames: classNamesFile.value, at, label });
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
    return add(all);
  }

  function clear(): void {
    round += 1;
    paths.value = [];
    labels.value = null;
    classNamesFile.value = null;
    offset.value = 0;
    limit.value = FIRST_LIMIT;
    images.value = [];
    total.value = 0;
    classNames.value = null;
    warnings.value = [];
    loading.value = false;
  }

  /** Another engine has yet to hear of the pictures; they are the same, so nothing changes here. */
  async function tellAgain(): Promise<void> {
    if (paths.value.length > 0) await load();
  }

  async function load(): Promise<boolean> {
    const mine = ++round;
    loading.value = true;
    try {
      const input = { paths: [...paths.value], labels: labels.value, classNames: classNamesFile.value, offset: offset.value, limit: limit.value };
      const out = await theHost().call('images', input);
      if (mine !== round) return true;
      images.value = out.images;
      total.value = out.total;
      classNames.value = out.classNames;
      warnings.value = out.warnings;
      return true;
    } catch (error) {
      useApp().fail(error);
      return false;
    } finally {
      if (mine === round) loading.value = false;
    }
  }

  return {
    paths, labels, classNamesFile, offset, limit, images, total, classNames, warnings, loading, unlabelled, chosen, current, chosenOrFirst,
    add, setLabels, setClassNames, relabel, nameClasses, setRange, replace, clear, tellAgain,
  };
});
