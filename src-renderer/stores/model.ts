import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { ModelCard } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Preprocessing, Provider } from '../../shared/plan.ts';
import type { GradientCheck } from '../../shared/results.ts';
import { theHost } from '../host/index.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';

/** How long the preprocessing must rest before the gradient is checked again. */
const REST = 600;

/** The model under audit: what it is, how pictures become its input, whether its gradient can be trusted. */
export const useModel = defineStore('model', () => {
  const card = shallowRef<ModelCard | null>(null);
  const loading = ref(false);
  const preprocessing = shallowRef<Preprocessing | null>(null);
  const provider = ref<Provider>('cpu');
  const check = shallowRef<GradientCheck | null>(null);
  const checking = ref(false);
  const checkError = ref<string | null>(null);
  /** The output that the auditor named; null: found. */
  const output = ref<string | null>(null);
  let round = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Reads a model. A file that is none leaves everything as it was. */
  async function open(path: string, named: string | null = null): Promise<boolean> {
    loading.value = true;
    try {
      const read = await theHost().call('inspect', { model: path, output: named });
      card.value = read;
      output.value = named;
      preprocessing.value = read.preprocessing;
      void runCheck();
      return true;
    } catch (error) {
      useApp().fail(error);
      return false;
    } finally {
      loading.value = false;
    }
  }

  /** Design rule 5. Only the newest round counts. */
  async function runCheck(): Promise<void> {
    if (!card.value || !preprocessing.value) return;
    const mine = ++round;
    checking.value = true;
    checkError.value = null;
    check.value = null;
    try {
      const images = useImages().paths;
      const result = await theHost().call('gradcheck', { model: card.value.path, preprocessing: preprocessing.value, images: [...images], input: card.value.input, output: output.value });
      if (mine === round) check.value = result;
    } catch (error) {
      if (mine === round) checkError.value = messageOf(error);
    } finally {
      if (mine === round) checking.value = false;
    }
  }

  /** Takes the model by another of its outputs; what was set of its preprocessing stays. */
  async function setOutput(name: string | null): Promise<void> {
    const before = preprocessing.value;
    if (await open(card.value!.path, name)) preprocessing.value = before;
  }

  function setPreprocessing(value: Preprocessing): void {
    preprocessing.value = value;
    clearTimeout(timer);
    timer = setTimeout(() => void runCheck(), REST);
  }

  return { card, loading, preprocessing, provider, check, checking, checkError, output, open, setOutput, runCheck, setPreprocessing };
});
