import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { NoiseOutput } from '../../shared/results.ts';
import { theHost } from '../host/index.ts';
import { loadPixels, type Pixels } from '../logic/difference.ts';
import { useLatest } from '../logic/latest.ts';
import { loadedFiles } from './loaded.ts';
import { useApp } from './app.ts';
import { useResults } from './results.ts';

/** What the network puts out for the image on show: clean, adversarial, and under noise of the same size. */
export const useOutputs = defineStore('outputs', () => {
  const clean = shallowRef<Pixels | null>(null);
  const broken = shallowRef<Pixels | null>(null);
  const noisy = shallowRef<Pixels | null>(null);
  const noise = shallowRef<NoiseOutput | null>(null);
  const pending = ref(false);
  const latest = useLatest();

  async function load(): Promise<void> {
    const results = useResults();
    const { audit, image, threat, finding } = results;
    const isLatest = latest.begin();
    [clean.value, broken.value, noisy.value, noise.value, pending.value] = [null, null, null, null, false];
    if (!audit || !image || !results.results?.output) return;
    const host = theHost();
    const change = finding ? { audit, image: image.id, threat, attack: finding.attack } : null;
    try {
      const before = image.outputs[threat]?.file
        ? await loadPixels(host.pictureUrl({ kind: 'clean-output', audit, image: image.id }))
        : null;
      if (isLatest()) clean.value = before;
      if (!change || finding!.eightBit === null) return;
      const after = finding!.output?.file ? await loadPixels(host.pictureUrl({ kind: 'output', ...change })) : null;
      if (!isLatest()) return;
      broken.value = after;
      pending.value = true;
      const answer = await host.call('noiseOutput', { ...change, files: loadedFiles() });
      const pixels = answer.output.file ? await loadPixels(host.pictureUrl({ kind: 'noise-output', ...change })) : null;
      if (isLatest()) [noise.value, noisy.value] = [answer, pixels];
    } catch (error) {
      if (isLatest()) useApp().fail(error);
    } finally {
      if (isLatest()) pending.value = false;
    }
  }

  /** Follows the image, the threat and the attack on show. Gives back what ends it. */
  function follow(): () => void {
    const results = useResults();
    return watch([() => results.audit, () => results.image?.id, () => results.threat, () => results.finding?.attack], () => void load(), {
      immediate: true,
    });
  }

  return { clean, broken, noisy, noise, pending, follow };
});
