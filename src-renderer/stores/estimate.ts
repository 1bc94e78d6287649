import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { CallIn, PlanCost } from '../../shared/contract.ts';
import { theHost } from '../host/index.ts';
import { useLatest } from '../logic/latest.ts';
import { debounce } from '../logic/debounce.ts';
import { askOnChange } from './askOnChange.ts';
import { useImages } from './images.ts';
import { useRun } from './run.ts';
import { useThreat } from './threat.ts';

/** How long a plan must rest before it is priced. */
const DEBOUNCE = 400;

/** What the planned audit takes at most, by the engine's own measurement of the model. */
export const useEstimate = defineStore('estimate', () => {
  const known = shallowRef<{ of: string; cost: PlanCost } | null>(null);
  const busy = ref(false);
  const latest = useLatest();
  const debounced = debounce(DEBOUNCE, ask);

  /** The question as text, so that only a change of it asks again; null while there is no plan, or an audit has the cores. */
  const question = computed((): string | null => {
    const threat = useThreat();
    if (threat.missing !== null || useRun().busy) return null;
    const shapes = new Map<string, CallIn<'estimate'>['pictures'][number]>();
    for (const { channels, height, width } of useImages().images) {
      const key = `${channels}x${height}x${width}`;
      shapes.set(key, { channels, height, width, count: (shapes.get(key)?.count ?? 0) + 1 });
    }
    return JSON.stringify({ plan: { ...threat.plan(), name: '', seed: 0 }, pictures: [...shapes.values()] } satisfies CallIn<'estimate'>);
  });

  /** Of the plan that is set; while an audit of it runs, as it was priced before. */
  const cost = computed(() => {
    const fits = question.value === null ? useThreat().missing === null : known.value?.of === question.value;
    return fits ? (known.value?.cost ?? null) : null;
  });

  async function ask(): Promise<void> {
    const isLatest = latest.begin();
    const asked = question.value;
    if (asked === null) {
      busy.value = false;
      return;
    }
    busy.value = true;
    try {
      const answer = await theHost().call('estimate', JSON.parse(asked) as CallIn<'estimate'>);
      if (isLatest()) known.value = answer && { of: asked, cost: answer };
    } catch {
      // What is wrong with the model the gradient check says; without an estimate an audit can start all the same.
      if (isLatest()) known.value = null;
    } finally {
      if (isLatest()) busy.value = false;
    }
  }

  /** Passes that an attack spends on an image at most, on average over the images; null while unknown. */
  function perImage(threat: number, attack: string): number | null {
    const spent = cost.value?.attacks.find((one) => one.threat === threat && one.attack === attack);
    return spent ? spent.passes / Math.max(1, useImages().images.length) : null;
  }

  /** Follows the plan. Gives back what ends it. */
  function follow(): () => void {
    return askOnChange(
      () => question.value,
      () => question.value !== null,
      busy,
      debounced,
    );
  }

  return { cost, busy, perImage, follow };
});
